import type { RedriveProgress } from '../engine/redrive/redrive.js';

/** Where progress is shown, if it is one. */
export interface Terminal {
  isTTY?: boolean;
  write(text: string): unknown;
}

const width = 30;
const eraseLine = '\r\u001B[K';

/** How far a redrive is, in a line of a terminal; nothing elsewhere. */
export class ProgressBar {
  private isShown = false;

  constructor(private readonly terminal: Terminal) {}

  show({ scanned, total, moved }: RedriveProgress): void {
    if (!this.terminal.isTTY) return;
    this.isShown = true;
    const share = total > 0 ? Math.min(1, scanned / total) : 1;
    const bar = '='.repeat(Math.round(share * width)).padEnd(width);
    this.terminal.write(
      `${eraseLine}[${bar}] ${Math.floor(share * 100)} %, ${scanned} of ${total} seen, ${moved} moved`,
    );
  }

  clear(): void {
    if (this.isShown) this.terminal.write(eraseLine);
    this.isShown = false;
  }
}
