import { app } from 'electron';
import type { Bridge } from 'portmesh/main';
import type { GatewayNews } from '../channels.js';

/** What the bridge tells of its gateway, and which process it is. */
export function lookAtGateway(bridge: Bridge): GatewayNews {
  const { running, links, queued } = bridge.state().gateway;
  return { pid: running ? pidOfGateway() : undefined, links, queued };
}

export function crashGateway(): void {
  const pid = pidOfGateway();
  if (pid === undefined) throw new Error('there is no gateway now');
  process.kill(pid, 'SIGKILL');
}

/** The bridge keeps it to itself; in Electron's list of processes it has its name. */
function pidOfGateway(): number | undefined {
  return app.getAppMetrics().find(({ name }) => name === 'portmesh gateway')?.pid;
}
