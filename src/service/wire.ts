// What travels. A service named `files` uses ordinary requests, streams and events of the mesh, on channels of its own:
//
// 1. `service:files`: calls. The first argument is `method@version`, or `[that, references]` where something is passed by reference;
//    the arguments follow. The method '' asks for the description.
// 2. A result is itself, but for an array, and what holds references: these are `[value]` and `[value, references]`.
// 3. `service:files/changed`: the event `changed`: the provider's version, and the arguments.
// 4. `service:` is what was passed by reference. A request, its first argument an id, calls that function; a stream takes from that
//    iterable. An event says `KEEP, id` or `FREE, id`. Ids are the owner's, for one peer, and die with the link.
//
// References are told as `[id, path, id, path, …]`: the path leads to where a function (of a positive id), or an iterable (of a
// negative one), belongs. They stand beside the data: so nothing in these, whatever it looks like, can be taken for one.

import { SERVICE } from '../core/directory/grant.js';

/** The channel of all that was passed by reference */
export const REFERENCES = SERVICE;

/** What the method is called that every provider has. */
export const DESCRIBE = '';

/** Whoever was given it retains it: it lives on when the call is over. */
export const KEEP = 1;
/** It is not used any more. */
export const FREE = 2;

/** What stands for a method in a call. */
export function headOf(method: string, version: string): string {
  return `${method}@${version}`;
}

export function callsOf(service: string): string {
  return SERVICE + service;
}

export function eventOf(service: string, event: string): string {
  return `${SERVICE}${service}/${event}`;
}

/** What a provider says of itself. */
export interface Description {
  readonly version: string | undefined;
  readonly methods: readonly string[];
}
