import { handshakeAgree } from './agree.js';
import { deflateRoundTrip } from './compressed.js';
import { connectAgree, connectModel, originModel, refusalAny, urlModel } from './connect.js';
import { deflateHostile } from './deflate.js';
import { extensionsAgree } from './extensions.js';
import { framesAnySplit, framesKernels, framesModel, framesPlanted, textModel } from './frames.js';
import { handlersAny, pingsHeld } from './handlers.js';
import { extensionHeader, handshakeAnySplit, requestModel, responseModel } from './handshake.js';
import { handshakeMisuse } from './handshake-misuse.js';
import { lane } from './lane.js';
import { layersRoundTrip } from './layers.js';
import { linkClosed } from './link.js';
import { deflateLong } from './long.js';
import { memoryOfMessages, memoryOfPauses, typedErrors } from './memory.js';
import { memoryTogether } from './memory-together.js';
import {
  messagesAnySplit,
  messagesKernels,
  messagesModel,
  messagesPause,
  messagesPlanted,
  messagesValid,
} from './messages.js';
import { counts } from './meter.js';
import { misuse } from './misuse.js';
import { wsNeverLaxer, wsValid } from './peers.js';
import { type AnyProperty, anyProperty, type Property } from './property.js';
import { framesRoundTrip, messagesRoundTrip } from './round-trip.js';
import { socketsClient, socketsServer } from './sockets.js';
import { twins } from './twins.js';
import { twinsConnecting } from './twins-connecting.js';
import { writerAny } from './writer.js';

function counted<Input>(property: Property<Input>): AnyProperty {
  return anyProperty(property, () => {
    counts.executions++;
  });
}

/** Everything that must hold. */
export const PROPERTIES: readonly AnyProperty[] = [
  counted(framesAnySplit),
  counted(framesKernels),
  counted(framesModel),
  counted(framesPlanted),
  counted(framesRoundTrip),
  counted(textModel),
  counted(messagesAnySplit),
  counted(messagesKernels),
  counted(messagesModel),
  counted(messagesPause),
  counted(messagesPlanted),
  counted(messagesRoundTrip),
  counted(messagesValid),
  counted(wsNeverLaxer),
  counted(wsValid),
  counted(typedErrors),
  counted(memoryOfMessages),
  counted(memoryOfPauses),
  counted(memoryTogether),
  counted(deflateHostile),
  counted(deflateRoundTrip),
  counted(deflateLong),
  counted(layersRoundTrip),
  counted(handlersAny),
  counted(pingsHeld),
  counted(linkClosed),
  counted(lane),
  counted(misuse),
  counted(writerAny),
  counted(requestModel),
  counted(responseModel),
  counted(extensionHeader),
  counted(handshakeAnySplit),
  counted(handshakeAgree),
  counted(handshakeMisuse),
  counted(extensionsAgree),
  counted(connectModel),
  counted(connectAgree),
  counted(originModel),
  counted(urlModel),
  counted(refusalAny),
  counted(socketsServer),
  counted(socketsClient),
  counted(twins),
  counted(twinsConnecting),
];
