// The kernels of a decoder's step for one instruction set; the build compiles this file once for each.
#include "attend.h"
#include "largest.h"

namespace throughtime {

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
extern const DecodingKernels JOIN(decoding_, ISA);
const DecodingKernels JOIN(decoding_, ISA) = {ISA::packed_size, ISA::pack_linear, ISA::largest, ISA::attend};

}  // namespace throughtime
