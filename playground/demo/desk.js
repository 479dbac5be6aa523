/** How long anything of the demonstration may take, on a slow machine. */
export const PATIENCE_MS = 15_000;

/** One window of the playground, or a frame in it, as its user sees it: parts are found by their test ids. */
export class Desk {
  /**
   * @param {import('playwright-core').Page} page
   * @param {import('playwright-core').Page | import('playwright-core').FrameLocator} root
   */
  constructor(page, root = page) {
    this.page = page;
    this.root = root;
    page.setDefaultTimeout(PATIENCE_MS);
  }

  /**
   * A frame in this window.
   *
   * @param {string} name
   */
  frame(name) {
    return new Desk(this.page, this.page.frameLocator(`iframe[title="${name}"]`));
  }

  /** @param {string} id */
  part(id) {
    return this.root.getByTestId(id);
  }

  /** @param {string} id */
  async click(id) {
    await this.part(id).click();
  }

  /** @param {string} id */
  async read(id) {
    return (await this.part(id).innerText()).replace(/\s+/g, ' ').trim();
  }

  /**
   * Waits until a peer is in a window's list, as one that is there, or as one that has left for that reason.
   *
   * @param {string} name
   * @param {string} [reason]
   */
  async peer(name, reason) {
    const state = reason ? `[data-state="gone"][data-reason="${reason}"]` : '[data-state="here"]';
    await this.part(`peer-${name}`).and(this.page.locator(state)).waitFor();
  }

  /**
   * Waits until a peer is in the graph, in that state.
   *
   * @param {string} name
   * @param {'here' | 'unresponsive' | 'blocked' | 'gone'} state
   */
  async node(name, state) {
    await this.part(`node-${name}`)
      .and(this.page.locator(`[data-state="${state}"]`))
      .waitFor();
  }

  /**
   * A peer's id and process, as a window's list has them.
   *
   * @param {string} name
   */
  async identity(name) {
    const title = (await this.part(`peer-${name}`).getAttribute('title')) ?? '';
    const [, id = '', process = ''] = /^(\S+) in process (\S+?)(?:,|$)/.exec(title) ?? [];
    return { id, process };
  }

  /** The ids of all processes that a window's list names. */
  async pids() {
    const texts = await this.part('peers').locator('.identity').allInnerTexts();
    return [...new Set(texts.map((text) => Number(/pid (\d+)/.exec(text)?.[1])))];
  }

  /**
   * Chooses a peer in the graph, and whom it is to talk to.
   *
   * @param {string} name
   * @param {string} [to]
   */
  async operate(name, to) {
    // By the keyboard: who is drawn where others come and go is on the move, and no mouse hits it before it rests.
    await this.part(`node-${name}`).press('Enter');
    if (to !== undefined) await this.part('to').selectOption(to);
  }

  /**
   * Waits for a line of the log, the newest that fits.
   *
   * @param {string} kind see `Kind` in journal.ts
   * @param {string | RegExp} text contained in it
   * @param {string} [state] `open` while it is under way, then `done`, `failed` or `stopped`
   */
  async logged(kind, text, state) {
    const selector = `li[data-kind="${kind}"]${state ? `[data-state="${state}"]` : ''}`;
    const entry = this.part('log').locator(selector).filter({ hasText: text }).first();
    await entry.waitFor({ state: 'attached' });
    const tidy = (/** @type {string | null} */ words) => (words ?? '').replace(/\s+/g, ' ').trim();
    return {
      /** All of it. */
      text: async () => tidy(await entry.locator('.body').textContent()),
      /** How it ended, in the page's own words. */
      outcome: async () => tidy(await entry.locator('.outcome').textContent()),
      /** What is folded below it. */
      folded: async () => (await entry.locator('pre').textContent()) ?? '',
    };
  }

  /**
   * @param {string} folder
   * @param {string} name
   */
  async photograph(folder, name) {
    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      await this.page.emulateMedia({ colorScheme });
      await this.page.screenshot({ path: `${folder}/${name}-${colorScheme}.png`, animations: 'disabled' });
    }
    await this.page.emulateMedia({ colorScheme: null });
  }
}
