/** Asks a process to run a function, given as text, with an argument. */
export const RUN = 'lab:run';
/** Its answer: the result, or what was thrown. */
export const RAN = 'lab:ran';

/**
 * Runs what a driver asks for. Other messages are nothing to it.
 * @param evaluate what makes a function of its text here
 */
export function obey(message: unknown, answer: (answer: unknown[]) => void, evaluate: (text: string) => unknown): void {
  if (!Array.isArray(message) || message[0] !== RUN) return;
  const [, id, text, argument] = message as [string, number, string, unknown];
  const run = async (): Promise<unknown> => (evaluate(`(${text})`) as (given: unknown) => unknown)(argument);
  run().then(
    (result) => answer([RAN, id, true, result]),
    (error: unknown) =>
      answer([RAN, id, false, error instanceof Error ? (error.stack ?? error.message) : String(error)]),
  );
}
