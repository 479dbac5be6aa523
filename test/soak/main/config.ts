/** What scripts/soak.js asks for, in the environment. */
export interface Config {
  readonly minutes: number;
  readonly seed: number;
}

export function readConfig(): Config {
  const text = process.env['PORTMESH_SOAK'];
  if (!text) throw new Error('PORTMESH_SOAK is not set. Start the soak with: npm run soak');
  return JSON.parse(text) as Config;
}
