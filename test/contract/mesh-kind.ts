import type { Bus } from '../../src/core/bus/bus.js';
import type { AnyChannels, ChannelMap } from '../../src/core/bus/channels.js';
import type { Grant } from '../../src/core/directory/grant.js';
import type { Limits } from '../../src/core/directory/limits.js';
import type { LeaveReason } from '../../src/core/errors/mesh-error.js';
import type { FlowOptions } from '../../src/core/link/flow.js';
import type { ByHand, Hanging } from './by-hand.js';

/** A broker and its peers in one realm, as the contracts of buses use them, whatever carries what they say. */
export interface ContractMesh {
  /** What the broker was told that makes no sense */
  readonly malformed: string[];
  join<C extends ChannelMap<C> = AnyChannels>(name: string, grant?: Grant, flow?: FlowOptions): Promise<Bus<C>>;
  /** Joins a peer that speaks the wire by hand, from another origin, or process. */
  joinByHand(name: string, grant?: Grant): Promise<ByHand>;
  /** Joins one that listens to, and handles, `channels`, and reads nothing of its link until it is woken. */
  joinHanging(name: string, channels: readonly string[], grant?: Grant): Promise<Hanging>;
  /** Resolves when the peers that joined by `join` know each other, and what each has announced. */
  settled(): Promise<void>;
  /** As if the peer's process had ended so. Returns how it is told: a mesh may not know all reasons. */
  kill(bus: Bus, reason: LeaveReason): LeaveReason;
  evict(bus: Bus, detail: string): void;
  /** The broker is gone, and the peers are not. */
  stop(): Promise<void>;
  /** As if the broker's process were busy, until what is returned is called. Where a mesh is made with `blocks`. */
  blockBroker(): () => void;
  /** Ends all. */
  close(): void | Promise<void>;
}

export interface MeshOptions {
  readonly limits?: Partial<Limits>;
  /** Whether its broker can be blocked. */
  readonly blocks?: boolean;
}

/** What the meshes of a contract are made of. */
export interface MeshKind {
  readonly mesh: (options: MeshOptions) => Promise<ContractMesh>;
  /** Whether the two ends of a link are ports of different kinds: then a port received at one can't go on at the other. */
  readonly mixed?: boolean | undefined;
  /** Whether cases that take seconds run too. */
  readonly slow?: boolean | undefined;
  /** Whether a peer that loses its broker looks for it, and lives on. */
  readonly rejoins?: boolean;
  /** Whether who opens a link says how many there were before it. */
  readonly epochs?: boolean;
}
