/** Who is in the mesh when all is well. */
export const everybody = [
  ...['main', 'graph', 'editor', 'viewer', 'outline', 'widget', 'counter', 'helper', 'thread'],
  ...['broker', 'indexer', 'archive'],
];
