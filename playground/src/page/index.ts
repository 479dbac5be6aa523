// A window of the playground: it joins the mesh under its host's name, shows who is there and what flows, and offers what
// there is to try.

import { answerDemo } from '../answering.js';
import { Actions } from './actions.js';
import { nameTag } from './dom.js';
import { settleWithError } from './errors.js';
import { Identity } from './identity.js';
import { Log } from './log.js';
import { MeshMap } from './mesh-map.js';
import { PeerList } from './peers.js';
import { Seat } from './seat.js';
import { Talk } from './talk.js';
import { Traffic } from './traffic.js';

const log = new Log();
const seat = new Seat();
const identity = new Identity(seat, log);
const actions = new Actions(seat, log);
const map = new MeshMap(seat.name);
const peers = new PeerList(log, actions, map);
const talk = new Talk(seat, log);
const traffic = new Traffic(seat, log, actions, map);

seat.onJoined((bus) => {
  bus.onError((error, { peer }) => settleWithError(log.add('failed', 'trouble with ', nameTag(peer.name)), error));
  bus.onDropped(({ peer, count, error }) => {
    settleWithError(log.add('failed', `lost ${count} event${count === 1 ? '' : 's'} to `, nameTag(peer.name)), error);
  });
  answerDemo(bus, ({ sender }, what) => {
    const entry = log.add('served', nameTag(sender.name), ` asks for ${what}`);
    return (outcome) => entry.settle('done', outcome);
  });
  peers.attach(bus);
  talk.attach(bus);
  traffic.attach(bus);
});
void identity.join();
