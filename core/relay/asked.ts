/**
 * Asked: the questions to the DHT that a client waits for, on one relay link (RLY-20).
 * @module
 */
import { earliest } from '../base/time.ts';
import { ASKED_GIVE_UP_MS, QUESTIONS_PER_CLIENT_MAX } from './limits.ts';
import {
  type Answer,
  type Question,
  QUESTION_ID_MAX,
  type QuestionId,
  type QuestionMessage,
} from './question.ts';

/** What became of a question; undefined where the relay did not answer it. */
export type OnAnswer = (answer: Answer | undefined) => void;

export class Asked {
  readonly #waiting = new Map<QuestionId, { readonly done: OnAnswer; readonly dueAtMs: number }>();
  #next: QuestionId = 1;

  constructor(private readonly say: (message: QuestionMessage) => void) {}

  get size(): number {
    return this.#waiting.size;
  }

  get isFull(): boolean {
    return this.#waiting.size >= QUESTIONS_PER_CLIENT_MAX;
  }

  /** @returns takes it back: no answer follows. */
  ask(what: Question, pass: Uint8Array | undefined, done: OnAnswer, nowMs: number): () => void {
    const question = this.#next;
    this.#next = question >= QUESTION_ID_MAX ? 1 : question + 1;
    this.#waiting.set(question, { done, dueAtMs: nowMs + ASKED_GIVE_UP_MS });
    this.say({ type: 'ask', question, pass, what });
    return () => {
      if (this.#waiting.delete(question)) this.say({ type: 'forget', question });
    };
  }

  /** An answer, or none; one that nobody waits for has crossed our `forget`. */
  handle(question: QuestionId, answer: Answer | undefined): void {
    const waiting = this.#waiting.get(question);
    this.#waiting.delete(question);
    waiting?.done(answer);
  }

  /** The link is gone: nobody answers. */
  handleDown(): void {
    for (const question of [...this.#waiting.keys()]) this.handle(question, undefined);
  }

  handleTimeout(nowMs: number): void {
    for (const [question, { dueAtMs }] of [...this.#waiting]) {
      if (nowMs < dueAtMs) continue;
      this.say({ type: 'forget', question });
      this.handle(question, undefined);
    }
  }

  wakeAtMs(): number | undefined {
    let soonest: number | undefined;
    for (const { dueAtMs } of this.#waiting.values()) soonest = earliest(soonest, dueAtMs);
    return soonest;
  }
}
