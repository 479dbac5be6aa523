// The wire between a bridge and its gateway, which may live in another process. A post is an array of messages, each an array; ports
// belong to the last one. A gateway that can't make channels asks for them with CHANNEL, as peers do: see broker/control.ts.
//
// The gateway holds the connections to brokers, and joins what Electron's peers and Node's say to each other: the former have ports, the
// latter sockets. Who may talk to whom is the bridge's business: the gateway makes the links it is told to make.

// bridge → gateway
/** `broker, address, token, what the bridge calls itself there`: joins it, and again whenever it is lost */
export const JOIN = 1;
/** `broker` */
export const PART = 2;
/** `broker, message`: of those between brokers */
export const TELL = 3;
/** `broker, from, to, epoch, known`, with a port whose other end is `from`'s */
export const OPEN = 4;
/** `broker, ticket's id, its key` */
export const LISTEN = 5;
/** `ticket's id`, with a port whose other end is the peer's that was dialed */
export const JOINT = 6;

// gateway → bridge
/** `broker` */
export const JOINED = 20;
/** `broker, code, text, final`. Final: it isn't tried again */
export const UNJOINED = 21;
/** `broker`: the connection is lost, and another one is tried */
export const LOST = 22;
/** `broker, message`: of those between brokers */
export const TOLD = 23;
/** `broker, from, to, epoch, why` */
export const UNOPENED = 24;
/** `ticket's id, address` */
export const LISTENING = 25;
/** `ticket's id, why` */
export const DEAF = 26;
/** `links, bytes that wait to be sent on them` */
export const COUNTS = 28;
/** `ticket's id`: its holder has come. The bridge answers with JOINT */
export const DIALED = 27;
/** `bytes`: so many waited for a Node peer that does not read, which was too much; a link, or a port on one, was ended for that */
export const UNREAD = 29;
