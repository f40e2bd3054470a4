import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { HandlerDefinition } from './handler-definition.js';
import { HandlerMetadataAccessor, type DecoratedMethod } from './handler-metadata.accessor.js';
import { HandlerPipeline, type InstanceWrapper } from './handler.pipeline.js';
import { undecoratedParameters } from './message-parameters.js';

/** Finds the handlers among the application's providers and controllers. */
@Injectable()
export class HandlerExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly accessor: HandlerMetadataAccessor,
    private readonly pipeline: HandlerPipeline,
  ) {}

  explore(): HandlerDefinition[] {
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    return wrappers.flatMap((wrapper) => this.handlersOf(wrapper));
  }

  /** An alias has the instance of the provider it stands for, which is found under its own name. */
  private handlersOf(wrapper: InstanceWrapper): HandlerDefinition[] {
    const instance = wrapper.instance as object | undefined;
    if (wrapper.isAlias || typeof instance !== 'object' || instance === null) return [];
    return this.accessor.decoratedMethods(instance).flatMap((decorated) => this.define(wrapper, instance, decorated));
  }

  private define(wrapper: InstanceWrapper, instance: object, { method, uses }: DecoratedMethod): HandlerDefinition[] {
    const name = `${instance.constructor.name}.${method}`;
    const isCallable = typeof (instance as Record<string, unknown>)[method] === 'function';
    const handle = isCallable ? this.pipeline.callerOf(wrapper, instance, method) : undefined;
    const undecorated = isCallable ? undecoratedParameters(instance, method) : [];
    return uses.map((use) => ({ ...use, owner: instance.constructor, name, handle, undecorated }));
  }
}
