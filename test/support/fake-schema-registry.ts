import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Registered {
  id: number;
  subject: string;
  version: number;
  schema: string;
  schemaType?: string;
  references?: { name: string; subject: string; version: number }[];
}

/** What Confluent's Schema Registry answers to what we ask of it. */
export class FakeSchemaRegistry {
  /** `GET /schemas/ids/1`, in order. */
  readonly requests: string[] = [];

  /** What the last request said it is. */
  authorization: string | undefined;

  /** Answers this to everything. */
  status: number | undefined;
  text: string | undefined;
  private readonly schemas: Registered[] = [];
  private server: Server | undefined;
  private port = 0;

  static async start(): Promise<FakeSchemaRegistry> {
    const registry = new FakeSchemaRegistry();
    await registry.listen();
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** On the port it had before, if it had one. */
  async listen(): Promise<void> {
    this.server = createServer((request, response) => void this.answer(request, response));
    await new Promise<void>((resolve) => this.server!.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
  }

  /** @returns the id */
  add(
    subject: string,
    { schema, schemaType, references }: Pick<Registered, 'schema' | 'schemaType' | 'references'>,
  ): number {
    const known = this.schemas.find((one) => one.subject === subject && one.schema === schema);
    if (known) return known.id;
    const version = this.schemas.filter((one) => one.subject === subject).length + 1;
    const id = this.schemas.length + 1;
    this.schemas.push({
      id,
      subject,
      version,
      schema,
      ...(schemaType && { schemaType }),
      ...(references && { references }),
    });
    return id;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    this.requests.push(`${method} ${url}`);
    this.authorization = request.headers.authorization;
    const body = await textOf(request);
    const found = this.status === undefined ? this.find(method, url, body) : undefined;
    response.writeHead(this.status ?? (found ? 200 : 404), {
      'content-type': 'application/vnd.schemaregistry.v1+json',
    });
    response.end(this.text ?? JSON.stringify(found ?? { error_code: 40401, message: 'not found' }));
  }

  private find(method: string, url: string, body: string): object | undefined {
    const [, root, first = '', third, version] = url.split('/');
    if (root === 'schemas') return this.schemas.find(({ id }) => String(id) === third);
    const subject = decodeURIComponent(first);
    if (method === 'POST') return { id: this.add(subject, JSON.parse(body) as Registered) };
    const ofSubject = this.schemas.filter((one) => one.subject === subject);
    return version === 'latest' ? ofSubject.at(-1) : ofSubject.find((one) => String(one.version) === version);
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
