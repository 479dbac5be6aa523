// What electron-common-ipc uses of Node's `util`, for a sandboxed preload, which has none.
module.exports = { types: { isUint8Array: (value) => value instanceof Uint8Array } };
