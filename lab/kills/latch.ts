/**
 * Latch: a door that many can wait for, and that can be shut again.
 * @module
 */
export class Latch {
  #isOpen = false;
  #waiting: (() => void)[] = [];

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    this.#isOpen = true;
    for (const pass of this.#waiting.splice(0)) pass();
  }

  shut(): void {
    this.#isOpen = false;
  }

  /** Resolves when it is open, at once where it is. */
  async passed(): Promise<void> {
    while (!this.#isOpen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
