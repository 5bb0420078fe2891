// Where a tensor of torch lies, asked of torch itself, without its headers: by the table of functions that DLPack 1.3
// lays down (__dlpack_c_exchange_api__). The layout of all that is below is part of that standard.
#pragma once

#include <Python.h>

#include <cstdint>

namespace throughtime {

struct DlpackTensor {
  void* data;
  struct {
    int32_t type, number;
  } device;
  int32_t dimensions;
  struct {
    uint8_t code, bits;
    uint16_t lanes;
  } dtype;
  const int64_t *shape, *strides;
  uint64_t offset;  // bytes

  bool float32_on_cpu() const {
    constexpr int cpu = 1, floating = 2;
    return device.type == cpu && dtype.code == floating && dtype.bits == 32 && dtype.lanes == 1;
  }
  // Whether its numbers lie one after another, in the order of its places.
  bool contiguous() const {
    int64_t apart = 1;
    for (int i = dimensions - 1; i >= 0; apart *= shape[i--])
      if (shape[i] != 1 && strides[i] != apart) return false;
    return true;
  }
  int64_t size() const {
    int64_t all = 1;
    for (int i = 0; i < dimensions; ++i) all *= shape[i];
    return all;
  }
  float* floats() const { return reinterpret_cast<float*>(static_cast<char*>(data) + offset); }
};

struct DlpackExchange {
  struct {
    uint32_t major, minor;
  } version;
  const DlpackExchange* previous;  // the same table in an older version
  void* unused[3];
  int (*look)(void* tensor, DlpackTensor* out);  // the tensor goes on owning everything; not 0: a Python error is set
  void* unused_stream;

  static constexpr const char* name = "dlpack_exchange_api";

  // The table in the version that this file describes; null if there is none.
  const DlpackExchange* known() const {
    const DlpackExchange* table = this;
    while (table != nullptr && table->version.major != 1) table = table->previous;
    return table != nullptr && table->version.minor >= 3 ? table : nullptr;
  }
};

}  // namespace throughtime
