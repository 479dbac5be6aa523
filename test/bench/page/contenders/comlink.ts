import { expose, wrap } from 'comlink';
import type { Contender, Service } from '../contender.js';
import { takePort } from '../ports.js';

export const comlink: Contender = {
  async open() {
    const remote = wrap<Pick<Service, 'echo'>>(await takePort('comlink'));
    return { echo: (message) => remote.echo(message) };
  },
  async serve({ echo }) {
    expose({ echo }, await takePort('comlink'));
  },
};
