/**
 * Questions of clients, at the relay: it asks the DHT from its own address, so that the nodes there
 * never see who wants to know (RLY-20, RLY-21).
 *
 *   ask --served, within the rates--> under way --answer--> gone
 *    |                                    '--60 s, or the DHT knows nobody--> unanswered
 *    '--anything else--> unanswered, 3 s after the question
 *
 * The relay learns keys that only two people can tell from chance, and who asked for them is the
 * relay before it. Nothing is kept once it is answered, and nothing is logged.
 * @module
 */
import { Bucket } from '../base/bucket.ts';
import { earliest } from '../base/time.ts';
import {
  ERROR_AFTER_MS,
  QUESTION_GIVE_UP_MS,
  QUESTIONS_BURST,
  QUESTIONS_IN_ALL_BURST,
  QUESTIONS_IN_ALL_PER_S,
  QUESTIONS_MAX,
  QUESTIONS_PER_CLIENT_MAX,
  QUESTIONS_PER_S,
} from './limits.ts';
import type { Answer, Question, QuestionId, QuestionMessage } from './question.ts';

type LinkId = number;
type Ask = Extract<QuestionMessage, { type: 'ask' }>;

export interface QuestionPorts {
  /**
   * Asks the DHT. One answer follows, unless it is taken back; undefined for none.
   * @returns takes it back.
   */
  ask(what: Question, done: (answer: Answer | undefined) => void): () => void;
  say(link: LinkId, message: QuestionMessage): void;
}

interface UnderWay {
  /** When it is over: refused ones wait for their word, the others for an answer. */
  readonly dueAtMs: number;
  readonly takeBack: (() => void) | undefined;
}

interface Asker {
  readonly rate: Bucket;
  readonly questions: Map<QuestionId, UnderWay>;
}

export class Questions {
  readonly #ports: QuestionPorts;
  readonly #askers = new Map<LinkId, Asker>();
  readonly #inAll = new Bucket(QUESTIONS_IN_ALL_PER_S, QUESTIONS_IN_ALL_BURST, 0);
  #asked = 0;
  readonly #counts = { answered: 0, unanswered: 0 };

  constructor(ports: QuestionPorts) {
    this.#ports = ports;
  }

  /** Does this client wait for an answer? */
  has(link: LinkId): boolean {
    return (this.#askers.get(link)?.questions.size ?? 0) > 0;
  }

  /** @param isServed may this client ask? @returns false where it breaks the rules. */
  begin(link: LinkId, { question, what }: Ask, isServed: boolean, nowMs: number): boolean {
    const rate = new Bucket(QUESTIONS_PER_S, QUESTIONS_BURST, nowMs);
    const asker = this.#askers.get(link) ?? { rate, questions: new Map() };
    this.#askers.set(link, asker);
    const { questions } = asker;
    if (questions.has(question) || questions.size >= QUESTIONS_PER_CLIENT_MAX) return false;
    if (!isServed || !this.#mayAsk(asker, nowMs)) {
      questions.set(question, { dueAtMs: nowMs + ERROR_AFTER_MS, takeBack: undefined });
      return true;
    }
    this.#ask(link, questions, question, what, nowMs);
    return true;
  }

  /** The client wants no answer any more. */
  forget(link: LinkId, question: QuestionId): void {
    const known = this.#askers.get(link)?.questions;
    if (known) this.#end(known, question)?.();
  }

  handleDown(link: LinkId): void {
    const questions = this.#askers.get(link)?.questions ?? new Map<QuestionId, UnderWay>();
    for (const id of [...questions.keys()]) this.#end(questions, id)?.();
    this.#askers.delete(link);
  }

  handleTimeout(nowMs: number): void {
    for (const [link, { questions }] of [...this.#askers]) {
      for (const [id, { dueAtMs }] of [...questions]) {
        if (nowMs < dueAtMs) continue;
        this.#end(questions, id)?.();
        this.#counts.unanswered++;
        this.#ports.say(link, { type: 'unanswered', question: id });
      }
    }
  }

  wakeAtMs(): number | undefined {
    let soonest: number | undefined;
    for (const { questions } of this.#askers.values()) {
      for (const { dueAtMs } of questions.values()) soonest = earliest(soonest, dueAtMs);
    }
    return soonest;
  }

  stats(): Record<string, number> {
    return { asked: this.#asked, ...this.#counts };
  }

  #mayAsk({ rate }: Asker, nowMs: number): boolean {
    if (this.#asked >= QUESTIONS_MAX || !rate.has(1, nowMs)) return false;
    if (!this.#inAll.has(1, nowMs)) return false;
    rate.take(1);
    this.#inAll.take(1);
    return true;
  }

  #ask(
    link: LinkId,
    questions: Asker['questions'],
    id: QuestionId,
    what: Question,
    nowMs: number,
  ): void {
    this.#asked++;
    let isOver = false;
    const takeBack = this.#ports.ask(what, (answer) => {
      isOver = true;
      this.#answered(link, questions, id, answer);
    });
    // The answer may have come before the question returned.
    if (!isOver) questions.set(id, { dueAtMs: nowMs + QUESTION_GIVE_UP_MS, takeBack });
  }

  #answered(
    link: LinkId,
    questions: Asker['questions'],
    question: QuestionId,
    answer: Answer | undefined,
  ): void {
    questions.delete(question);
    this.#asked--;
    if (!answer) {
      this.#counts.unanswered++;
      return this.#ports.say(link, { type: 'unanswered', question });
    }
    this.#counts.answered++;
    this.#ports.say(link, { type: 'answer', question, answer });
  }

  /** @returns what takes it back, where the DHT was asked. */
  #end(questions: Asker['questions'], id: QuestionId): (() => void) | undefined {
    const takeBack = questions.get(id)?.takeBack;
    questions.delete(id);
    if (takeBack) this.#asked--;
    return takeBack;
  }
}
