"""torch and ONNX Runtime on flamingo-bench's vision scenario: EfficientNet-Lite2 to its feature map, the same report line.

    python3 bench/peers/bench_vision.py efficientnet-lite2.pth [--threads 2] [--seconds 4]

The peers compute efficientnet_lite_pytorch's extract_features of the published weights in fp32; ONNX Runtime runs torch's
export of it with all its optimisations on. Their results must agree, or nothing is reported.
"""
import argparse
import io
import time

import numpy
import onnxruntime
import torch
from efficientnet_lite_pytorch import EfficientNet

SIDE = 260


def timed(work, seconds):
    work()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return times


def line(item, pictures, times):
    best, median = pictures / min(times), pictures / sorted(times)[len(times) // 2]
    print(f"{'peer':<10} {item:<30} {best:>10.1f} {median:>10.1f} picture/s", flush=True)


class Features(torch.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, pixels):
        return self.net.extract_features(pixels)


def export(model, pixels):
    buffer = io.BytesIO()
    torch.onnx.export(model, (pixels,), buffer, input_names=["pixels"], output_names=["map"], dynamo=False,
                      dynamic_axes={"pixels": {0: "n"}, "map": {0: "n"}})
    return buffer.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    net = EfficientNet.from_name("efficientnet-lite2")
    net.load_state_dict(torch.load(args.weights, weights_only=True))
    model = Features(net).eval()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    with torch.inference_mode():
        session = onnxruntime.InferenceSession(export(model, torch.randn(1, 3, SIDE, SIDE)), options,
                                               providers=["CPUExecutionProvider"])
        for pictures in (1, 16):
            pixels = torch.randn(pictures, 3, SIDE, SIDE)
            feed = {"pixels": pixels.numpy()}
            expected, got = model(pixels).numpy(), session.run(None, feed)[0]
            error = numpy.abs(expected - got).max()
            if error > 1e-3:
                raise SystemExit(f"torch and ONNX Runtime differ by {error}")
            channels_last = model.to(memory_format=torch.channels_last)
            last = pixels.contiguous(memory_format=torch.channels_last)
            line(f"torch, batch {pictures}", pictures, timed(lambda: channels_last(last), args.seconds))
            line(f"onnxruntime, batch {pictures}", pictures, timed(lambda: session.run(None, feed), args.seconds))


if __name__ == "__main__":
    main()
