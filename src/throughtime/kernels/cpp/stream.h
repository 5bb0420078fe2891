// One step of a stream, from Python's objects to Python's objects: what Python would look at and hand over one by one
// costs more than the step itself.
#pragma once

#include <nanobind/nanobind.h>

#include <array>
#include <stdexcept>

#include "call.h"
#include "exchange.h"

namespace throughtime {

namespace nb = nanobind;

// One layer of a stack, as layers/streaming.py describes it.
struct Stage {
  const char* kernel;
  int variant;
  int64_t inputs, hidden;
  bool two;           // states
  PyObject* weights;  // names and how many numbers each has

  explicit Stage(nb::handle stage) {
    auto item = [&](int i) { return PyTuple_GET_ITEM(stage.ptr(), i); };
    kernel = PyUnicode_AsUTF8(item(0)), variant = static_cast<int>(PyLong_AsLong(item(1)));
    inputs = PyLong_AsLongLong(item(2)), hidden = PyLong_AsLongLong(item(3));
    two = PyLong_AsLong(item(4)) == 2, weights = item(5);
  }
};

class Stream {
 public:
  // `exchange`: of torch.Tensor; `tensor`, `parameter`: torch's types; `empty`: torch.empty_strided,
  // quicker than torch.empty.
  Stream(nb::capsule exchange, nb::handle tensor, nb::handle parameter, nb::object empty)
      : tensor_(tensor.ptr()), parameter_(parameter.ptr()), empty_(std::move(empty)) {
    const void* table = PyCapsule_GetPointer(exchange.ptr(), DlpackExchange::name);
    if (table == nullptr) throw nb::python_error();
    const DlpackExchange* known = static_cast<const DlpackExchange*>(table)->known();
    if (known == nullptr) throw std::invalid_argument("this torch describes its tensors in another way");
    look_ = known->look;
  }

  // What the layers answer, (output, state or states), or None if anything is not as this way needs it.
  // `find` gives the kernel of a name; `parameters` is the module's own dictionary.
  template <class Find>
  nb::object step(Find find, int threads, bool batch_first, nb::tuple stages, nb::handle x, nb::handle hx,
                  nb::dict parameters) const {
    DlpackTensor in;
    if (!looks(x.ptr(), in) || in.dimensions != 3 || in.shape[batch_first ? 1 : 0] != 1) return nb::none();
    const int64_t B = in.shape[batch_first ? 0 : 1], layers = static_cast<int64_t>(stages.size());
    if (B < 1 || B > most_rows || layers > most_layers) return nb::none();
    int64_t width = in.shape[2];
    int64_t numbers = 0;  // of a gate's weights, all layers together
    bool two = false;
    std::array<Call, most_layers> calls;
    std::array<const Kernel*, most_layers> kernels;
    for (int64_t i = 0; i < layers; ++i) {
      const Stage stage(PyTuple_GET_ITEM(stages.ptr(), i));
      Call& call = calls[i] = Call{};
      if (stage.inputs != width || !weights(stage, parameters.ptr(), call.weights)) return nb::none();
      kernels[i] = &find(stage.kernel);
      call.steps = 1, call.sizes = &B, call.threads = threads, call.variant = stage.variant;
      call.inputs = stage.inputs, call.hidden = call.state = width = stage.hidden;
      two = stage.two, numbers += stage.hidden * (stage.inputs + stage.hidden);
    }
    const int64_t size = B * width;
    const float *h0 = nullptr, *c0 = nullptr;
    if (!hx.is_none() && !initial(hx.ptr(), two, {layers, B, width}, h0, c0)) return nb::none();
    const nb::object hidden = fresh(layers, B, width), cell = two ? fresh(layers, B, width) : nb::object();
    const nb::object output = batch_first ? fresh(B, 1, width) : fresh(1, B, width);
    float *hn = memory(hidden), *cn = two ? memory(cell) : nullptr, *out = memory(output);
    if (hn == nullptr || out == nullptr || (two && cn == nullptr)) return nb::none();
    const float* from = in.floats();
    for (int64_t i = 0; i < layers; ++i) {
      Call& call = calls[i];
      auto of_layer = [&](auto* states) { return states ? states + i * size : nullptr; };
      call.x = from, call.h0 = of_layer(h0), call.c0 = of_layer(c0), call.output = out;
      call.hn = of_layer(hn), call.cn = of_layer(cn);
      from = call.hn;  // after a single step the same as its output, whose place the next layer takes
    }
    auto run = [&] {
      for (int64_t i = 0; i < layers; ++i) kernels[i]->forward(calls[i]);
    };
    if (numbers < worth_the_lock) {
      run();
    } else {
      nb::gil_scoped_release release;
      run();
    }
    return nb::make_tuple(output, two ? nb::object(nb::make_tuple(hidden, cell)) : hidden);
  }

 private:
  static constexpr int64_t most_layers = 16;
  static constexpr int64_t most_rows = 4;  // beyond these, packing the weights for a product pays: `few_rows`
  // Units times inputs of all layers from which Python's lock is given up for the step. It is not for less: whoever
  // takes it meanwhile keeps it for 5 ms.
  static constexpr int64_t worth_the_lock = int64_t{1} << 22;

  struct Shape {
    int64_t layers, rows, width;
  };

  // `has_memory` of kernels/memory.py, in a fraction of its time.
  bool looks(PyObject* tensor, DlpackTensor& out) const {
    const PyObject* type = reinterpret_cast<PyObject*>(Py_TYPE(tensor));
    if (type != tensor_ && type != parameter_) return false;
    if (look_(tensor, &out) != 0) return PyErr_Clear(), false;
    if (!out.float32_on_cpu() || !out.contiguous() || out.data == nullptr) return false;
    // A negative view lies in a complex tensor, where numbers are two apart: only one alone does not show it.
    return out.size() != 1 || !negative(tensor);
  }

  static bool negative(PyObject* tensor) {
    const nb::object answer = nb::steal(PyObject_CallMethod(tensor, "is_neg", nullptr));
    return !answer.is_valid() ? (PyErr_Clear(), true) : answer.ptr() == Py_True;
  }

  bool weights(const Stage& stage, PyObject* parameters, Weights<const float>& w) const {
    const float** places[] = {&w.ih, &w.hh, &w.bias_ih, &w.bias_hh};
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(stage.weights); ++i) {
      PyObject* named = PyTuple_GET_ITEM(stage.weights, i);
      // one that a parametrization makes is not in there
      PyObject* weight = PyDict_GetItemWithError(parameters, PyTuple_GET_ITEM(named, 0));
      DlpackTensor there;
      if (weight == nullptr || !looks(weight, there)) return PyErr_Clear(), false;
      if (there.size() != PyLong_AsLongLong(PyTuple_GET_ITEM(named, 1))) return false;
      *places[i] = there.floats();
    }
    return true;
  }

  bool initial(PyObject* hx, bool two, Shape shape, const float*& h0, const float*& c0) const {
    if (!two) return state(hx, shape, h0);
    if (!PyTuple_Check(hx) || PyTuple_GET_SIZE(hx) != 2) return false;
    return state(PyTuple_GET_ITEM(hx, 0), shape, h0) && state(PyTuple_GET_ITEM(hx, 1), shape, c0);
  }

  bool state(PyObject* tensor, Shape shape, const float*& to) const {
    DlpackTensor there;
    if (!looks(tensor, there) || there.dimensions != 3) return false;
    to = there.floats();
    return there.shape[0] == shape.layers && there.shape[1] == shape.rows && there.shape[2] == shape.width;
  }

  nb::object fresh(int64_t first, int64_t second, int64_t third) const {
    return empty_(nb::make_tuple(first, second, third), nb::make_tuple(second * third, third, 1));
  }

  // Null if torch makes other tensors now: a default dtype or device, a mode.
  float* memory(const nb::object& tensor) const {
    DlpackTensor there;
    return looks(tensor.ptr(), there) ? there.floats() : nullptr;
  }

  const PyObject *tensor_, *parameter_;  // types, which live as long as torch
  nb::object empty_;
  int (*look_)(void*, DlpackTensor*);
};

}  // namespace throughtime
