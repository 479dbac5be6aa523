// The places of the playground: who lives where, and who made whom. Each is a peer of that name.

/** What can be done to a place. Its owner does it, or main. */
export type Action = 'reload' | 'navigate' | 'end' | 'crash' | 'restore';

interface Place {
  readonly type: 'main' | 'window' | 'frame' | 'worker' | 'utility' | 'node';
  /** Who has made it, and can make it again. */
  readonly owner?: PlaceName;
  /** What it is, in a few words. */
  readonly what: string;
  readonly actions: readonly Action[];
}

/** The Node child processes. */
export type NodeName = 'broker' | 'indexer' | 'archive';

export type PlaceName =
  'main' | 'graph' | 'editor' | 'viewer' | 'outline' | 'widget' | 'counter' | 'helper' | 'thread' | NodeName;

const windowActions: readonly Action[] = ['reload', 'navigate', 'end', 'crash'];

export const places: Readonly<Record<PlaceName, Place>> = {
  main: { type: 'main', what: 'the main process', actions: [] },
  graph: { type: 'window', owner: 'main', what: 'the window with the graph', actions: ['reload'] },
  editor: { type: 'window', owner: 'main', what: 'a window', actions: windowActions },
  viewer: { type: 'window', owner: 'editor', what: 'a window that the editor opened', actions: windowActions },
  outline: { type: 'frame', owner: 'editor', what: 'a frame of the editor’s origin', actions: ['end', 'crash'] },
  widget: { type: 'frame', owner: 'editor', what: 'a frame of another origin', actions: ['end', 'crash'] },
  counter: { type: 'worker', owner: 'editor', what: 'a worker of the editor’s page', actions: ['end', 'crash'] },
  helper: { type: 'utility', owner: 'main', what: 'a utility process', actions: ['end', 'crash'] },
  thread: { type: 'worker', owner: 'helper', what: 'a worker thread of the helper', actions: ['end', 'crash'] },
  broker: {
    type: 'node',
    owner: 'main',
    what: 'a Node process, with the broker of Node’s peers',
    actions: ['end', 'crash'],
  },
  indexer: { type: 'node', owner: 'main', what: 'a Node process, without Electron', actions: ['end', 'crash'] },
  archive: { type: 'node', owner: 'main', what: 'another Node process', actions: ['end', 'crash'] },
};

export const placeNames = Object.keys(places) as PlaceName[];

/** What an end is called, of each type. */
export const endings: Readonly<Record<Place['type'], string>> = {
  main: 'Quit',
  window: 'Close',
  frame: 'Remove',
  worker: 'Terminate',
  utility: 'Kill',
  node: 'Stop',
};

export function isPlace(name: string): name is PlaceName {
  return Object.hasOwn(places, name);
}

export function isNode(name: PlaceName): name is NodeName {
  return places[name].type === 'node';
}
