/**
 * This computer as a relay of others, and the relays that it uses: one method.
 * @module
 */
import * as z from 'zod';

/** Named in the settings, of a contact, or a stranger's, found in BitTorrent's network. */
const RelaySource = z.enum(['own', 'contact', 'public']);

/** A relay at which this computer has, or wants, a place. */
const UsedRelay = z.object({
  /** `host:port`. */
  address: z.string(),
  source: RelaySource,
  /** Others reach us there now. */
  reserved: z.boolean(),
  /** We are linked to it; it may have given us no place all the same. */
  answers: z.boolean(),
  /** Round trip; absent while it is not known. */
  ms: z.int().nonnegative().optional(),
});

const RelayServing = z.object({
  /** Whom it serves. */
  serve: z.enum(['off', 'contacts', 'public']),
  /** Computers that use it now. */
  clients: z.int().nonnegative(),
  /** By which others name it in their settings; absent while no public address is known. */
  text: z.string().optional(),
  /**
   * TCP port 443 beside the port of the settings: open, kept by the system, another program's, or
   * not wanted.
   */
  port443: z.enum(['open', 'denied', 'taken', 'off']),
  /** Everybody can find it now: helpers of BitTorrent's network tell of it. */
  listed: z.boolean(),
  uses: z.array(UsedRelay),
});

export const RELAY_METHODS = {
  'relay.show': { params: z.strictObject({}), result: RelayServing },
} as const;
