/** How long anything of the demonstration may take, on a slow machine. */
export const PATIENCE_MS = 15_000;

/** One window of the playground, as its user sees it: parts are found by their test ids. */
export class Desk {
  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
    page.setDefaultTimeout(PATIENCE_MS);
  }

  /** @param {string} id */
  part(id) {
    return this.page.getByTestId(id);
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
   * Waits until a peer is in the list, as one that is there, or as one that has left for that reason.
   *
   * @param {string} name
   * @param {string} [reason]
   */
  async peer(name, reason) {
    const state = reason ? `[data-state="gone"][data-reason="${reason}"]` : '[data-state="here"]';
    await this.part(`peer-${name}`).and(this.page.locator(state)).waitFor();
  }

  /**
   * Waits for a line of the log, the newest that fits.
   *
   * @param {string} kind see `Kind` in the page's log.ts
   * @param {string} text contained in it
   * @param {string} [state] `open` while a request is under way, then `done`, `failed` or `stopped`
   */
  async logged(kind, text, state) {
    const selector = `li[data-kind="${kind}"]${state ? `[data-state="${state}"]` : ''}`;
    const entry = this.part('log').locator(selector).filter({ hasText: text }).first();
    await entry.waitFor();
    return {
      /** All of it. */
      text: async () => (await entry.locator('.body').innerText()).replace(/\s+/g, ' ').trim(),
      /** How it ended, in the page's own words. */
      outcome: async () => (await entry.locator('.outcome').innerText()).replace(/\s+/g, ' ').trim(),
      /** What is folded below it. */
      folded: async () => (await entry.locator('pre').textContent()) ?? '',
    };
  }

  /**
   * @param {string} folder
   * @param {string} name
   */
  async photograph(folder, name) {
    const files = [];
    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      const path = `${folder}/${name}-${colorScheme}.png`;
      await this.page.emulateMedia({ colorScheme });
      await this.page.screenshot({ path, animations: 'disabled' });
      files.push(path);
    }
    return files;
  }
}
