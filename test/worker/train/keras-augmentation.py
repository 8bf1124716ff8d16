# Prints the numbers of augmentation.test.ts; needs keras and scipy.
import numpy as np, json
from keras.src.legacy.preprocessing.image import apply_affine_transform
h, w = 6, 6
x = np.array([[[(r * 37 + c * 53 + r * c * 11) % 256] for c in range(w)] for r in range(h)], 'float32')
draw = dict(theta=20, tx=0.7, ty=-1.3, shear=12, zx=1.25, zy=0.8)
for fill in ['constant', 'nearest', 'reflect', 'wrap']:
    y = apply_affine_transform(x, row_axis=0, col_axis=1, channel_axis=2, fill_mode=fill, **draw)
    print(fill, json.dumps([round(float(v), 3) for v in y.ravel()]))
