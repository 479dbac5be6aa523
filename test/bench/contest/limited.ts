const LIMIT_MS = 30_000;

export function limited<T>(done: Promise<T>, what: string, limit = LIMIT_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not done after ${limit / 1000} s`)), limit);
  });
  return Promise.race([done, late]).finally(() => clearTimeout(timer));
}
