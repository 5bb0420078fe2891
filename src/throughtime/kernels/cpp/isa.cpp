// The kernels of one instruction set; the build compiles this file once for each.
#include "cells.h"

namespace throughtime {
namespace ISA {

template <class Cell>
constexpr Kernel kernel(const char* name) {
  return {name, forward<Cell>, backward<Cell>, [](int64_t hidden) { return Cell::saved * padded(hidden); }};
}

static const Kernel kernels[] = {
    kernel<Rnn>("RNN"), kernel<Gru>("GRU"), kernel<GruResetAfter>("GRU reset_after"), kernel<Lstm>("LSTM"), {},
};

}  // namespace ISA

#define NAME_OF(x) #x
#define NAMED(x) NAME_OF(x)
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
extern const InstructionSet JOIN(set_, ISA);
const InstructionSet JOIN(set_, ISA) = {NAMED(ISA), ISA::kernels};

}  // namespace throughtime
