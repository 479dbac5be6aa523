// What travels. A service named `files` uses ordinary requests, streams and events of the mesh, on channels of its own:
//
// 1. `service:files`: calls. Their arguments are references, the method's name, the user's version, and the method's own. `$status` and
//    `$ready` ask for the description.
// 2. A result is itself, but for an array, and what holds references: these are `[value]` and `[value, references]`.
// 3. `service:files/changed`: the event `changed`: the provider's version, and the arguments.
// 4. `service:` is what was passed by reference. A request calls that function: references, an id, nothing, and the function's own
//    arguments; or it says nothing, the id, and 1 (whoever was given it
//    retains it: it lives on when the call is over) or -1 (it is not used any more). A stream takes from that iterable: nothing, and the id. Ids are the
//    owner's, for one peer, and die with the link: of functions they are positive, of iterables negative.
//
// References are `{ place: id, … }`, or nothing. Both sides come by the objects in a message in the same order, and count them: that
// is a place. They stand beside the data: so nothing in these, whatever it looks like, can be taken for one.

import { SERVICE } from '../core/directory/grant.js';

/** The channel of all that was passed by reference, and what those of services begin with */
export const REFERENCES = SERVICE;

/** Ids, by place. */
export type References = Readonly<Record<number, unknown>>;
