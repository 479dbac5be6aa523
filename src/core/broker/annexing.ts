// The wire between two brokers: each tells the other of its peers, so that they are in one mesh.
//
//  1. Both tell of the PEERs they have, and of each that comes; then of what is CHANGED, and of who is GONE. Only of peers that sit at
//     the teller, or, where the teller is a bridge, at another one of its brokers: so nothing comes back, or goes round.
//  2. FOR is what a peer's control port would carry, between the broker where the peer sits and the one that has heard of it. Of its
//     home: DIAL, LISTENING, DEAF and TOLD, which it says. Of the other: LISTEN, TICKET, UNDIALED, ASK and END, which it is told.
//
// Either end of the connection ends it all: the peers that one broker has heard of through it leave.

/** `peer, grant, number, listens, handles` */
export const PEER = 1;
/** `id, reason` */
export const GONE = 2;
/** `id, first number, [op, channel, …]` */
export const CHANGED = 3;
/** `id, message` */
export const FOR = 4;

/** The id of nobody: ASK and TOLD for it are of a broker itself, and mean all who are there, whoever the other one has heard of. */
export const NOBODY = '';
