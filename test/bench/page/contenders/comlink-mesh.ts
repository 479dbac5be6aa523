import { expose as exposeOn, proxy, wrap as wrapOn } from 'comlink';
import { expose, wrap } from 'portmesh/comlink';
import type { Client, Contender, Service } from '../contender.js';
import type { Message } from '../payload.js';
import { takePort } from '../ports.js';
import { joinMesh } from './portmesh.js';

type Exposed = ReturnType<typeof exposed>;

function exposed({ echo }: Service) {
  return { echo, call: async (callback: () => Message | Promise<Message>): Promise<Message> => callback() };
}

interface Remote {
  echo(message: Message): Promise<Message>;
  call(callback: () => Message): Promise<Message>;
}

/** Comlink's own code over the mesh. */
export const comlinkMesh = contender(overMesh, exposeOverMesh, called);
/** The same, with a fresh callback in each call. */
export const comlinkMeshCallbacks = contender(overMesh, exposeOverMesh, calledBack);
/** The same on a port of main's, with a port for each callback. */
export const comlinkCallbacks = contender(
  async () => wrapOn<Exposed>(await takePort('comlink callbacks')),
  async (service) => exposeOn(exposed(service), await takePort('comlink callbacks')),
  calledBack,
);

function contender(
  open: () => Promise<unknown>,
  serve: (service: Service) => Promise<void>,
  echo: (remote: Remote) => Client['echo'],
): Contender {
  return {
    async open() {
      return { echo: echo((await open()) as Remote) };
    },
    serve,
  };
}

async function overMesh(): Promise<unknown> {
  return wrap<Exposed>((await joinMesh()).to('server'), 'bench', { wait: 10_000 });
}

let exposing = false;

async function exposeOverMesh(service: Service): Promise<void> {
  if (!exposing) expose(await joinMesh(), 'bench', exposed(service));
  exposing = true;
}

function called(remote: Remote): Client['echo'] {
  return (message) => remote.echo(message);
}

function calledBack(remote: Remote): Client['echo'] {
  return (message) => remote.call(proxy(() => message));
}
