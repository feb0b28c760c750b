"""The operations of which fixtures are drawn, by family; a tuple names a variant of the database's entry.

`core` families test the functions of @kindling/core; `functional` tests nn.functional, in @kindling/nn.
"""

UNARY = """abs neg sign square sqrt rsqrt exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh
asinh acosh atanh sigmoid erf erfc erfinv lgamma digamma floor ceil round trunc frac reciprocal isnan isinf isfinite
nan_to_num logical_not""".split()

BINARY = """add sub mul div true_divide pow fmod remainder atan2 hypot maximum minimum fmax fmin logaddexp xlogy
eq ne lt le gt ge logical_and logical_or logical_xor""".split()

SPECIAL = """i0e i1 i1e ndtr ndtri log_ndtr erfcx entr xlog1py zeta bessel_j0 bessel_j1 bessel_y0 bessel_y1 modified_bessel_i0
modified_bessel_i1 modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1 spherical_bessel_j0
chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w shifted_chebyshev_polynomial_t
shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v shifted_chebyshev_polynomial_w hermite_polynomial_h
hermite_polynomial_he laguerre_polynomial_l legendre_polynomial_p""".split()
LINALG = """det diagonal matrix_sqrth cholesky cholesky_ex vecdot cond eigh eigvalsh householder_product lstsq matrix_power
multi_dot qr polar slogdet vander lu_factor lu_factor_ex lu lu_solve inv inv_ex solve solve_ex solve_triangular matrix_rank pinv
svd svdvals tensorinv tensorsolve""".split()
MASKED = """sum prod cumsum cumprod amax amin argmax argmin mean median norm var std softmax log_softmax softmin normalize
logaddexp logsumexp""".split()
WINDOWS = """exponential cosine gaussian kaiser hamming hann blackman bartlett nuttall general_cosine general_hamming""".split()

CORE = {
    "unary": [*UNARY, ("round", "decimals_0"), ("round", "decimals_3"), ("round", "decimals_neg_3")],
    "binary": [
        *(n for n in BINARY if n != "div"),
        ("div", "no_rounding_mode"),
        ("div", "trunc_rounding"),
        ("div", "floor_rounding"),
        "floor_divide",
        "__radd__",
        "__rsub__",
        "__rmul__",
        "__rdiv__",
        "__rpow__",
        "__rmod__",
        "rsub",
        "clamp",
        "clamp_min",
        "clamp_max",
        "lerp",
        "where",
        "addcmul",
        "addcdiv",
        ("max", "binary"),
        ("min", "binary"),
        "isclose",
    ],
    "reduce": [
        "sum",
        "mean",
        "prod",
        "var",
        ("var", "unbiased"),
        "std",
        ("std", "unbiased"),
        "var_mean",
        ("var_mean", "unbiased"),
        "std_mean",
        ("std_mean", "unbiased"),
        ("max", "reduction_with_dim"),
        ("max", "reduction_no_dim"),
        ("min", "reduction_with_dim"),
        ("min", "reduction_no_dim"),
        "amax",
        "amin",
        "aminmax",
        "argmax",
        "argmin",
        "all",
        "any",
        "logsumexp",
        "norm",
        ("norm", "fro"),
        ("norm", "inf"),
        "linalg.norm",
        ("linalg.norm", "subgradients_at_zero"),
        "linalg.vector_norm",
        "nansum",
        "nanmean",
        "median",
        "nanmedian",
        "count_nonzero",
        "cumsum",
        "cumprod",
        "cummax",
        "cummin",
        "logcumsumexp",
        "softmax",
        ("softmax", "with_dtype"),
        "log_softmax",
        ("log_softmax", "with_dtype"),
    ],
    "matmul": ["matmul", "__rmatmul__", "mm", "bmm", "mv", "dot", "outer", "addmm", "addmv", "baddbmm", "einsum", "tensordot"],
    "views": [
        "reshape",
        "reshape_as",
        "view",
        "view_as",
        "transpose",
        "t",
        "mT",
        "T",
        "permute",
        "expand",
        "expand_as",
        "broadcast_to",
        "squeeze",
        ("squeeze", "multiple"),
        "unsqueeze",
        "flatten",
        "unflatten",
        "narrow",
        "select",
        "unbind",
        "split",
        ("split", "list_args"),
        "split_with_sizes",
        "chunk",
        "diagonal",
        "unfold",
        "movedim",
        "contiguous",
        "clone",
    ],
    "indexing": [
        "__getitem__",
        "index_put",
        "gather",
        "scatter",
        "scatter_add",
        "index_select",
        "index_add",
        "index_fill",
        "index_copy",
        "masked_select",
        "masked_fill",
        "masked_scatter",
        "take",
        "take_along_dim",
        "cat",
        "stack",
        "flip",
        "roll",
        "repeat",
        "tile",
        "repeat_interleave",
        "sort",
        "msort",
        "argsort",
        "topk",
        "kthvalue",
        "nonzero",
        "nn.functional.one_hot",
        "tril",
        "triu",
        ("nn.functional.pad", "constant"),
        ("nn.functional.pad", "reflect"),
        ("nn.functional.pad", "replicate"),
        ("nn.functional.pad", "circular"),
        ("nn.functional.pad", "replicate_negative"),
    ],
    "creation": [
        "arange",
        "linspace",
        ("linspace", "tensor_overload"),
        "logspace",
        ("logspace", "tensor_overload"),
        "eye",
        "zeros",
        "ones",
        "full",
        "zeros_like",
        "ones_like",
        "full_like",
        "fill",
    ],
    "convolution": [
        *(f"nn.functional.conv{n}d" for n in (1, 2, 3)),
        *(f"nn.functional.conv_transpose{n}d" for n in (1, 2, 3)),
        "nn.functional.unfold",
    ],
    "special": [
        "i0",
        "sinc",
        *(("polygamma", f"polygamma_n_{n}") for n in range(5)),
        *(("mvlgamma", f"mvlgamma_p_{p}") for p in (1, 3, 5)),
        *"""igamma igammac gcd lcm bitwise_left_shift bitwise_right_shift ldexp frexp nextafter float_power deg2rad rad2deg
        sgn angle isreal real conj conj_physical resolve_conj resolve_neg __rand__ __ror__ __rxor__""".split(),
        ("special.polygamma", "special_polygamma_n_0"),
        *(f"special.{name}" for name in SPECIAL),
    ],
    "masked": [f"masked.{name}" for name in MASKED],
    "windows": [f"signal.windows.{name}" for name in WINDOWS],
    "structure": """expand_copy diagonal_copy alias_copy as_strided_copy narrow_copy view_copy permute_copy split_with_sizes_copy
        unbind_copy unfold_copy squeeze_copy unsqueeze_copy transpose_copy t_copy unsafe_chunk unsafe_split as_strided_scatter
        constant_pad_nd combinations unravel_index nonzero_static diagflat renorm nn.functional.pdist new_zeros new_ones
        new_full scalar_tensor addr""".split(),
    "linalg": [
        *(f"linalg.{name}" for name in LINALG),
        ("linalg.lstsq", "grad_oriented"),
        ("linalg.matrix_rank", "hermitian"),
        ("linalg.pinv", "singular"),
        ("linalg.pinv", "hermitian"),
        *"""cholesky_inverse cholesky_solve geqrf kron logdet lu lu_solve lu_unpack matrix_exp ormqr pinverse svd
        triangular_solve""".split(),
    ],
    "joining": """addbmm vdot inner block_diag cartesian_prod broadcast_tensors column_stack hstack vstack dstack atleast_1d atleast_2d
        atleast_3d tensor_split hsplit vsplit dsplit ravel rot90 fliplr flipud diag diag_embed diagonal_scatter select_scatter slice_scatter
        as_strided sum_to_size trace argwhere mode unique unique_consecutive bincount bucketize searchsorted put
        H mH tril_indices triu_indices bool byte double float int long""".split()
    + [("addmm", "decomposed"), ("meshgrid", "variadic_tensors"), ("meshgrid", "list_of_tensors"), ("as_strided", "partial_views")],
    "comparing": """positive copysign heaviside logaddexp2 bitwise_not bitwise_and bitwise_or bitwise_xor isposinf isneginf signbit allclose equal
        cdist cross diff dist linalg.cross linalg.matrix_norm quantile nanquantile logit""".split()
    + [("norm", "nuc"), *(("scatter_reduce", how) for how in ("sum", "prod", "mean", "amin", "amax"))],
    "statistics": [
        *"cov corrcoef histc histogram histogramdd isin trapezoid trapz cumulative_trapezoid gradient".split(),
        *(("index_reduce", how) for how in ("mean", "prod", "amin", "amax")),
    ],
}

FUNCTIONAL = [
    "nn.functional.relu",
    "nn.functional.relu6",
    "nn.functional.leaky_relu",
    "nn.functional.prelu",
    "nn.functional.elu",
    "nn.functional.celu",
    "nn.functional.selu",
    "nn.functional.gelu",
    "nn.functional.silu",
    "nn.functional.mish",
    "nn.functional.hardswish",
    "nn.functional.hardsigmoid",
    "nn.functional.hardtanh",
    "nn.functional.hardshrink",
    "nn.functional.softshrink",
    "nn.functional.tanhshrink",
    "nn.functional.softplus",
    "nn.functional.softsign",
    "nn.functional.logsigmoid",
    "nn.functional.threshold",
    "nn.functional.glu",
    "nn.functional.softmin",
    ("nn.functional.softmin", "with_dtype"),
    "softmax",
    "log_softmax",
    "nn.functional.linear",
    "nn.functional.bilinear",
    "nn.functional.embedding",
    "nn.functional.layer_norm",
    "nn.functional.batch_norm",
    "nn.functional.normalize",
    "nn.functional.cosine_similarity",
    "nn.functional.pairwise_distance",
    ("nn.functional.pad", "constant"),
    "nn.functional.one_hot",
]

# Functions of layers, in a file of their own: functional-layers.
FUNCTIONAL_LAYERS = [
    "nn.functional.group_norm",
    "nn.functional.instance_norm",
    "nn.functional.local_response_norm",
    "nn.functional.rms_norm",
    "nn.functional.embedding_bag",
    *(("nn.functional.interpolate", mode) for mode in "nearest nearest-exact linear bilinear bicubic trilinear area".split()),
    "nn.functional.grid_sample",
    "nn.functional.pixel_shuffle",
    "nn.functional.pixel_unshuffle",
    "nn.functional.channel_shuffle",
    "nn.functional.scaled_dot_product_attention",
    *(f"nn.functional.{kind}_pool{n}d" for kind in "max avg adaptive_max adaptive_avg".split() for n in (1, 2, 3)),
    *(f"nn.functional.fractional_max_pool{n}d" for n in (2, 3)),
    *((f"nn.functional.max_unpool{n}d", variant) for n in (1, 2, 3) for variant in ("", "grad")),
]

# What Kindling refuses of integers, where PyTorch rounds by rules of its own.
FLOATS_ONLY = {("nn.functional.local_response_norm", ""), ("nn.functional.interpolate", "bilinear"), ("nn.functional.interpolate", "bicubic")}

LOSSES = """binary_cross_entropy binary_cross_entropy_with_logits cosine_embedding_loss cross_entropy ctc_loss
gaussian_nll_loss hinge_embedding_loss huber_loss kl_div l1_loss linear_cross_entropy margin_ranking_loss mse_loss
multi_margin_loss multilabel_margin_loss multilabel_soft_margin_loss nll_loss poisson_nll_loss smooth_l1_loss
soft_margin_loss triplet_margin_loss triplet_margin_with_distance_loss""".split()

# Of which only what is refused is drawn, as their results are random.
DRAWS = ["multinomial", *"cauchy exponential geometric log_normal uniform".split(), ("normal", "in_place")]

# Elementwise operations of which the edge cases (signed zeros, infinities, NaN, kinks) are drawn as well.
EDGES_UNARY = [
    *(n for n in UNARY if n != "logical_not"),
    *(f"nn.functional.{n}" for n in
      "relu relu6 leaky_relu elu celu selu gelu silu mish hardswish hardsigmoid hardtanh hardshrink softshrink "
      "tanhshrink softplus softsign logsigmoid".split()),
]
EDGES_BINARY = [n for n in BINARY if not n.startswith("logical")] + ["floor_divide"]
