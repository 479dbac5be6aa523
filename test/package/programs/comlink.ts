// A page that uses Comlink over the mesh.
import { proxy, releaseProxy, type Remote } from 'comlink';
import { expose, loadOf, wrap } from 'portmesh/comlink';
import { connect } from 'portmesh/renderer';

class Scene {
  draw(shape: string): number {
    return shape.length;
  }

  onClick(listener: (x: number) => void): void {
    listener(1);
  }
}

const bus = await connect({ name: 'page' });
const exposed = expose(bus, 'scene', new Scene());
const scene: Remote<Scene> = await wrap<Scene>(bus.to('viewer'), 'scene', { wait: 100 });
const drawn: number = await scene.draw('circle');
await scene.onClick(proxy((x: number) => console.log(x, drawn)));
scene[releaseProxy]();
exposed.dispose();
console.log(loadOf(bus).connections);
