// The kernels of one instruction set; the build compiles this file once for each.
#include "backward.h"
#include "forward.h"
#include "gru.h"
#include "lstm.h"
#include "peak.h"
#include "rnn.h"

namespace throughtime {
namespace ISA {

template <class Cell>
constexpr Kernel kernel(const char* name) {
  return {name, forward<Cell>, backward<Cell>, Layout<Cell>::kept_of, Cell::traced};
}

static const Kernel kernels[] = {
    kernel<Rnn>("RNN"),   kernel<Gru>("GRU"),
    kernel<Lstm>("LSTM"), kernel<GruResetAfter>("GRU reset_after"),
    kernel<LstmWithOptions>("LSTM with options"), {},
};

}  // namespace ISA

#define NAME_OF(x) #x
#define NAMED(x) NAME_OF(x)
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
extern const InstructionSet JOIN(set_, ISA);
const InstructionSet JOIN(set_, ISA) = {NAMED(ISA), ISA::kernels, ISA::peak};

}  // namespace throughtime
