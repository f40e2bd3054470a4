import { Injectable, Module } from '@nestjs/common';

@Injectable()
export class Renderer {
  render(title: string): string {
    return `<h1>${title}</h1>`;
  }
}

@Module({ providers: [Renderer] })
export class RenderingModule {}
