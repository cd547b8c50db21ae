/**
 * Timelines: those of the conversations that were open last stay in memory and follow the stream,
 * so that going back to one costs nothing, and what could not be handed over is not forgotten.
 * @module
 */
import type { Model } from './model.ts';
import { Timeline } from './timeline.ts';

const KEPT_MAX = 6;
/** Who passes by opens nothing. */
const REST_MS = 60;
let resting: number | undefined;
const timelinesOf = new WeakMap<Model, Timelines>();

/** The timeline of a conversation; made where there is none. */
export function timelineOf(model: Model, conversation: string): Timeline {
  return keeperOf(model).get(conversation);
}

/** Reads the newest page ahead, for who rests on a chat and is about to open it. */
export function prefetchConversation(model: Model, conversation: string): void {
  window.clearTimeout(resting);
  resting = window.setTimeout(() => void timelineOf(model, conversation).prefetch(), REST_MS);
}

function keeperOf(model: Model): Timelines {
  const known = timelinesOf.get(model);
  if (known) return known;
  const made = new Timelines(model);
  timelinesOf.set(model, made);
  return made;
}

class Timelines {
  /** The one used last stands last. */
  readonly #kept = new Map<string, Timeline>();

  constructor(readonly model: Model) {
    model.listen((event) => {
      if (event.type === 'removed') this.#kept.delete(event.data.conversation);
      for (const timeline of this.#kept.values()) timeline.take(event);
    });
    model.filled.watch(() => {
      for (const timeline of this.#kept.values()) void timeline.resync();
    });
    window.addEventListener('beforeunload', (event) => {
      // What the daemon has not stored lives in this page alone; locked, no page keeps anything.
      if (model.phase.value === 'locked') return;
      if ([...this.#kept.values()].some(holdsUnsaved)) event.preventDefault();
    });
  }

  get(conversation: string): Timeline {
    const timeline = this.#kept.get(conversation) ?? new Timeline(this.model.client, conversation);
    this.#kept.delete(conversation);
    this.#kept.set(conversation, timeline);
    for (const [id, one] of this.#kept) {
      if (this.#kept.size <= KEPT_MAX) break;
      if (!one.shown && !holdsUnsaved(one) && id !== conversation) this.#kept.delete(id);
    }
    return timeline;
  }
}

function holdsUnsaved(timeline: Timeline): boolean {
  return timeline.view.value.pending.some(({ event }) => event === undefined);
}
