// How a page's first port reaches the bridge: names that page, preload and main agree on.
//
//  1. The preload, registered before any script of the page, makes a nonce for its document.
//  2. The page dispatches PRELOAD_EVENT, which the preload cancels: so the page knows at once whether it is there.
//  3. The page posts `[JOIN, name, version, vouch, timeout]` to its own window with one end of a channel. The preload's capture
//     listener takes it and stops it; no script of the page sees it.
//  4. The preload tells main HELLO until main answers READY, as the bridge may start later than the page, and passes the join on then, as
//     `[nonce, name, version, vouch]` with the port; but not when its time-out, in milliseconds, is over.
//     `vouch` is given where the port is not the page's own, but that of a frame or worker it shares; see asking.ts.
//  5. The bridge reads the sender's frame, asks the policy, and answers on that port; see control.ts.

export const PRELOAD_EVENT = 'portmesh:preload';
export const JOIN = 'portmesh:join';
export const HELLO = 'portmesh:hello';
export const READY = 'portmesh:ready';
