/// The backward pass: blocks from the last to the first.
///
/// A norm's gradient takes the place of the convolution's output, or of the gradient that it came
/// from, whichever is dead by then. Weight gradients come before data gradients, because the source
/// may be let go in between.
extension EncoderProgram {
  mutating func writeBackward(_ kept: Kept) {
    let featureGradient = tensor(4 * clips * network.features, .gradients)
    if let head = network.head, let hidden = kept.hidden, let normalized = kept.normalized {
      let inner = tensor(4 * clips * head.hidden, .gradients)
      emit(
        .headBackward(
          features: features, hidden: hidden, normalized: normalized, inner: inner,
          into: featureGradient))
    } else {
      emit(.receive(into: featureGradient))
    }
    let last = network.units[network.units.count - 1]
    var gradient = tensor(last.output, network.features, .gradients)
    emit(.averagePoolBackward(featureGradient, into: gradient))
    for block in network.blocks.indices.reversed() {
      gradient = writeBlockBackward(block, gradient, kept)
    }
    if let winners = kept.winners {
      let pooled = gradient
      gradient = tensor(network.stem.output, network.stem.outputChannels, .gradients)
      emit(.maxPoolBackward(pooled, winners: winners, into: gradient))
    }
    writeNormBackward(0, kept, gradient)
    emit(.weightsBackward(unit: 0, kept.source, gradient: gradient, scratch: scratch(0)))
    emit(.statistics)
  }

  /// Turns the gradient of a block's result into that of its input.
  private mutating func writeBlockBackward(
    _ index: Int, _ gradient: Tensor, _ kept: Kept
  ) -> Tensor {
    let block = network.blocks[index]
    let units = network.unitNumbers(ofBlock: index)
    let last = units.upperBound - 1
    // Masked in place, for the shortcut wants it, too; so its own gradient goes elsewhere.
    var inner = kept.outputs[last]
    emit(
      .normalizeBackward(
        unit: last, inner, mask: .result(kept.blockResults[index]), gradient: gradient, into: inner)
    )
    for unit in units.reversed() where unit != units.lowerBound {
      let source = writeAgain(unit - 1, kept)
      emit(.weightsBackward(unit: unit, source, gradient: inner, scratch: scratch(unit)))
      inner = writeDataBackward(unit, inner)
      writeNormBackward(unit - 1, kept, inner)
    }
    let input = kept.blockInputs[index] ?? writeAgain(0, kept)
    let first = units.lowerBound
    emit(.weightsBackward(unit: first, input, gradient: inner, scratch: scratch(first)))
    if case .projection = block.shortcut {
      let projection = units.upperBound
      emit(
        .normalizeBackward(
          unit: projection, kept.outputs[projection], mask: .none, gradient: gradient,
          into: gradient))
      emit(
        .weightsBackward(
          unit: projection, input, gradient: gradient, scratch: scratch(projection)))
    }
    let result = writeDataBackward(first, inner)
    switch block.shortcut {
    case .identity: emit(.add(gradient, into: result))
    case .projection:
      emit(.add(writeDataBackward(units.upperBound, gradient), into: result))
    case .subsample: emit(.subsampleBackward(block: index, gradient, into: result))
    }
    return result
  }

  /// The gradient of a rectified norm within a block, or of the stem's, in place.
  private mutating func writeNormBackward(_ unit: Int, _ kept: Kept, _ gradient: Tensor) {
    emit(
      .normalizeBackward(
        unit: unit, kept.outputs[unit], mask: .recomputed, gradient: gradient, into: gradient))
  }

  /// The result of a unit whose result was not kept.
  private mutating func writeAgain(_ index: Int, _ kept: Kept) -> Tensor {
    let unit = network.units[index]
    let result = tensor(unit.output, unit.outputChannels)
    emit(.normalizeAgain(unit: index, kept.outputs[index], into: result))
    return result
  }

  private mutating func writeDataBackward(_ index: Int, _ gradient: Tensor) -> Tensor {
    let unit = network.units[index]
    let result = tensor(unit.input, unit.inputChannels, .gradients)
    emit(.dataBackward(unit: index, gradient, into: result, scratch: scratch(index)))
    return result
  }
}
