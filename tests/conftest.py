"""One thread for torch: two tests' small networks on busy cores wait for each other longer than they compute."""

import torch

torch.set_num_threads(1)
