/** Since when a consumer is in its group, or outside of it. */
export class MembershipTimes {
  private since: Date | undefined;
  private outsideSince: number | undefined;

  /** It is meant to be in its group from now on, and is not yet. */
  started(now = performance.now()): void {
    this.since = undefined;
    this.outsideSince = now;
  }

  /** It is not meant to be in its group any more. */
  stopped(): void {
    this.since = undefined;
    this.outsideSince = undefined;
  }

  /** Whether it is a member; to be told often. */
  note(isMember: boolean, now = performance.now()): void {
    if (isMember) {
      this.since ??= new Date();
      this.outsideSince = undefined;
    } else if (this.since) this.started(now);
  }

  /** RFC 3339; `null` outside. */
  get joinedSince(): string | null {
    return this.since?.toISOString() ?? null;
  }

  /** Milliseconds since it was started or was last seen as a member; 0 for a member, and while it is not meant to be one. */
  outsideMs(now = performance.now()): number {
    return this.outsideSince === undefined ? 0 : Math.round(now - this.outsideSince);
  }
}
