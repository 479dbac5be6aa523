import type { Kind } from '../kind.js';
import { broadcasts, events } from './events.js';
import { churn } from './churn.js';
import { ports } from './ports.js';
import { payloads } from './payloads.js';
import { requests, slowRequests, throwingRequests } from './requests.js';
import { streams } from './streams.js';
import { missing, unsendable } from './trouble.js';

export const kinds: readonly [Kind, ...Kind[]] = [
  events,
  broadcasts,
  requests,
  slowRequests,
  throwingRequests,
  payloads,
  churn,
  streams,
  ports,
  missing,
  unsendable,
];
