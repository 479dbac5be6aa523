// The wire between two processes, once the handshake is done: frames, one behind the other.
//
//   [u32 length of the body] [u8 kind] [u32 tunnel] body        all numbers big-endian
//
// Tunnel 0 is what the connection is for: a control port, or a link. The others are ports that travelled beside a message; the
// side that dialed gives out even ids from 2 on, the side that listened odd ones.
//
//   PLAIN, V8               a message; see codec.ts
//   UNREADABLE              a message that its sender could not pass on; no body
//   BUFFER                  an ArrayBuffer of the V8 message that follows, in the order of their numbers
//   PORTS                   the ids of the tunnels beside the message that follows, u32 each: they are open from now on
//   CLOSE                   the sender's end of the tunnel is closed. Answered by CLOSE if that was not sent yet; then the id is
//                           free again, and nobody sends on it. No body
//   CREDIT                  u32: so many more bytes may be sent on this tunnel; see tunnel.ts
//   PING, PONG              tunnel 0, no body
//
// BUFFER and PORTS frames stand directly before their message, on the same tunnel. Whoever ends a connection in order sends CLOSE
// for tunnel 0 first: an end without it is a loss.

export const PLAIN = 1;
export const V8 = 2;
export const UNREADABLE = 3;
export const BUFFER = 4;
export const PORTS = 5;
export const CLOSE = 6;
export const CREDIT = 7;
export const PING = 8;
export const PONG = 9;

/** Bytes before the body. */
export const HEADER = 9;

/** The largest body a frame can state. */
export const MAX_BODY = 0xffff_ffff;

export function writeHeader(target: Uint8Array, at: number, length: number, kind: number, tunnel: number): void {
  putUint32(target, at, length);
  target[at + 4] = kind;
  putUint32(target, at + 5, tunnel);
}

export function putUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

export function uint32At(source: Uint8Array, at: number): number {
  const [a, b, c, d] = [source[at], source[at + 1], source[at + 2], source[at + 3]] as [number, number, number, number];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
