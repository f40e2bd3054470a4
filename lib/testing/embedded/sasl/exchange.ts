/** Passwords by user name. */
export type Users = Readonly<Record<string, string>>;

/** Takes the client's message, gives the server's; `done` when the user has proved who he is. Throws a `Refusal` if not. */
export type Exchange = (message: Buffer) => { answer: Buffer; done: boolean };
