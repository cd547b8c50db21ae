/**
 * Puts text where the cursor is, in such a way that Undo takes it out again.
 * @module
 */

/** Replaces what stands between `from` and `to`; where they are left out, what is selected. */
export function insertText(
  field: HTMLTextAreaElement,
  text: string,
  from = field.selectionStart,
  to = field.selectionEnd,
): void {
  field.focus();
  field.setSelectionRange(from, to);
  // Old, and still the only way that keeps the history of the field.
  if (document.execCommand('insertText', false, text)) return;
  field.setRangeText(text, from, to, 'end');
  field.dispatchEvent(new InputEvent('input', { bubbles: true }));
}
