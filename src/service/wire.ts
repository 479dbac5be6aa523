// What travels. A service named `files` uses ordinary requests, streams and events of the mesh, on channels of its own:
//
// 1. `service:files`: calls. The first argument is the method's name, or `[method, version, placeholders, ids]` where the user
//    has a version, or something is passed by reference; the arguments follow. The method '' asks for the description.
// 2. A result that is no object is itself; any other is `[value, placeholders, ids]`, without the last two where nothing in it
//    is passed by reference.
// 3. `service:files/changed`: the event `changed`: the provider's version, and the arguments.
// 4. `service:` is what was passed by reference. A request calls the function of that id, a stream takes from the iterable. An event
//    says `[KEEP, id]`, or `[FREE, id]`. Ids are the owner's, for one peer, and die with the link.
//
// A placeholder is an empty object that stands in the values: known by identity within its message, so that no data, whatever it
// looks like, can be taken for one.

import { SERVICE } from '../core/directory/grant.js';

/** The channel of all that was passed by reference */
export const REFERENCES = SERVICE;

/** What the method is called that every provider has. */
export const DESCRIBE = '';

/** Whoever was given it retains it: it lives on when the call is over. */
export const KEEP = 1;
/** It is not used any more. */
export const FREE = 2;

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
