/**
 * The contract, continued: routes of conversations, and the policies that people choose for them.
 *
 *   policy   ways it allows                       policy   ways it allows
 *   auto     this network, direct, relay          direct   this network, direct
 *   hidden   relay                                lan      this network
 *
 * What two people may use is what both policies allow. Nothing is ever sent another way: where
 * they allow no common way, or the one they allow is not there, messages wait and `held` says why.
 * Spec: docs/spec/policy.md.
 * @module
 */
import * as z from 'zod';

const time = z.iso.datetime();

export const RouteName = z.enum(['lan', 'direct', 'relay', 'waiting', 'local']);
export type RouteName = z.infer<typeof RouteName>;

/** Automatic, Hidden IP, Direct only, This network only. */
export const Policy = z.enum(['auto', 'hidden', 'direct', 'lan']);
export type Policy = z.infer<typeof Policy>;

/**
 * Why nothing can leave under the policies: they have no way in common; we hide and no relay of
 * ours answers; we, or they alone, allow nothing but this network and they are not on it.
 */
export const Held = z.enum(['conflict', 'no-relay', 'not-here', 'not-here-theirs']);

/**
 * How far a request of ours is, by ID alone, until they let us in. `held`: nothing has left, for it
 * could show the IP address and nobody agreed to that. `queued`, `seeking`, `knocking`: on its
 * way. `placed`: at their door. `full`: others take all places there. `over`: no answer in a week.
 */
export const Asking = z.enum(['held', 'queued', 'seeking', 'knocking', 'placed', 'full', 'over']);
export type Asking = z.infer<typeof Asking>;

export const Route = z.object({
  conversation: z.string().regex(/^c_[0-9a-z]+$/),
  /** What we chose. */
  policy: Policy,
  /** What they chose, as far as they have told. */
  theirPolicy: Policy.optional(),
  held: Held.optional(),
  route: RouteName,
  transport: z.enum(['tcp', 'udx']).optional(),
  endpoint: z.string().optional(),
  peerSeesMyIp: z.boolean(),
  rttMs: z.number().optional(),
  /** Relays in the path. */
  hops: z.literal([0, 1, 2]),
  /** They came by our relay: whether they put another before it cannot be seen from here. */
  hopsAtLeast: z.boolean().optional(),
  /** One of these is a public relay, which a stranger runs; it cannot always be known. */
  isStrangers: z.boolean().optional(),
  /** Through openings that the routers of both made. */
  punched: z.boolean(),
  /** Changes of both policies, oldest first, at most 16. */
  changes: z.array(z.object({ at: time, by: z.enum(['us', 'them']), policy: Policy })),
  asking: Asking.optional(),
});
export type Route = z.infer<typeof Route>;
