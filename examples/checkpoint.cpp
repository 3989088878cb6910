// SPDX-License-Identifier: MIT
// A long fit in a queue that kills jobs: started again, the same program goes on where it was and ends with the same
// bits.
#include <iostream>
#include <rheo/io/io.hpp>
#include <rheo/platform/interrupt.hpp>
#include <rheo/rheo.hpp>
using namespace rheo;

using Step = Chain<AffineCoupling<2, Mlp<64, 64>>, Deal<2>>;

int main() {
  const Interrupt interrupt;  // Ctrl-C, and the queue's SIGTERM, end the fit and not the program
  auto data = targets::moons<double>(10'000, Noise{1});
  auto model = make_model<double>(Flow{Repeat<8, Step>{}, StandardNormal<2>{}}, Noise{2});
  auto fitted =
      fit(model, data,
          {.epochs = 20, .batch = 512, .stop = interrupt.token(), .checkpoint = io::checkpoint("moons.ckpt", 2)});
  io::save(model, "moons.safetensors", {{"status", to_string(fitted.status)}});  // the best so far
  std::cout << to_string(fitted.status) << " after " << fitted.history.size() << " epochs, best loss "
            << fitted.best_loss << '\n';
}
