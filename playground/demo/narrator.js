import { stripVTControlCharacters } from 'node:util';

/** Prints what happens, line by line, each with the time since the start. */
export class Narrator {
  #start = performance.now();

  /** @param {string} text */
  tell(text) {
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(2).padStart(6);
    console.log(`${seconds} s  ${text}`);
  }

  /**
   * Something that has to happen. Its result is told beside it; its failure ends the demonstration.
   *
   * @param {string} what
   * @param {() => Promise<string | void>} action
   */
  async step(what, action) {
    try {
      const detail = await action();
      this.tell(`ok    ${what}${detail ? `: ${detail}` : ''}`);
    } catch (error) {
      this.tell(`FAIL  ${what}`);
      const why = stripVTControlCharacters(/** @type {Error} */ (error).message);
      throw new Error(`this did not happen: ${what}. ${why}`, { cause: error });
    }
  }
}
