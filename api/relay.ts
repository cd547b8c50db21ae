/**
 * This computer as a relay of others: one method.
 * @module
 */
import * as z from 'zod';

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
});

export const RELAY_METHODS = {
  'relay.show': { params: z.strictObject({}), result: RelayServing },
} as const;
