import type { Frame } from './frame.js';

// How a page, and all that lives in it, can be ended. Each returns `Date.now()` of main at that moment.

export function crash(page: Frame): Promise<number> {
  return page.contentsDo((contents) => {
    const at = Date.now();
    contents.forcefullyCrashRenderer();
    return at;
  });
}

export function kill(page: Frame): Promise<number> {
  return page.contentsDo((contents) => {
    const at = Date.now();
    process.kill(contents.getOSProcessId(), 'SIGKILL');
    return at;
  });
}

export function reload(page: Frame): Promise<number> {
  return page.navigated(() => page.reload());
}

export function close(page: Frame): Promise<number> {
  return page.contentsDo((contents) => {
    const at = Date.now();
    contents.close();
    return at;
  });
}
