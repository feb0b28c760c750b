/** What is left out on purpose, and why. */

export interface Reason {
  readonly title: string;
  /** One sentence of Markdown. */
  readonly why: string;
  /** Namespaces that are left out as a whole. */
  readonly namespaces?: readonly string[];
  /** The names, in any namespace. */
  readonly names: RegExp;
}

const list = (text: string): RegExp => new RegExp(`^(?:${text.trim().split(/\s+/).join('|')})$`);

export const reasons: readonly Reason[] = [
  {
    title: 'Other devices, and libraries for one kind of machine',
    why: 'Kindling has the CPU alone, and its own kernels, so there is nothing to choose, to move or to wait for.',
    namespaces: ['torch.nn.attention'],
    names:
      list(`cudnn_.* miopen_.* mkldnn_.* fbgemm_.* jiterator_.* profiler_allow_.* is_vulkan_available AcceleratorError
      OutOfMemoryError DeviceObjType Event Stream StreamObjType device get_device get_device_module get_default_device
      set_default_device cuda ipu xpu mtia is_cpu is_cuda is_ipu is_maia is_meta is_mkldnn is_mps is_mtia is_vulkan is_xla
      is_xpu is_pinned pin_memory record_stream to_mkldnn channels_last channels_last_3d memory_format contiguous_format
      legacy_contiguous_format preserve_format dim_order convert_conv[23]d_weight_memory_format .*_device_states
      DefaultDeviceType save_on_cpu set_override_stale_capture_stream enforce_grad_layout_policy
      set_warn_on_accumulate_grad_stream_mismatch has_lapack has_mkl has_openmp has_spectral swap_in_optimizer_params_and_state`),
  },
  {
    title: 'Half precision and other dtypes',
    why: 'There are `float32`, `float64`, `int32`, `uint8` and `bool`; files in half precision are read as float32.',
    names:
      list(`.*autocast.* GradScaler bfloat16 float16 half float[48]_.* char short byte u?int[1-7] int8 int16 uint16 uint32 uint64
      bits?[0-9x]* scaled_.* _scaled_.* grouped_mm ScalingType SwizzleType grad_dtype set_float32_matmul_precision
      get_float32_matmul_precision`),
  },
  {
    title: 'Complex numbers',
    why: 'Tensors hold real numbers, so what takes or gives complex ones is not there: Fourier transforms, eigenvalues of matrices that are not symmetric.',
    namespaces: ['torch.fft'],
    names:
      list(`b?complex.* cfloat cdouble chalf ComplexType imag is_complex is_conj is_neg conj_physical_ view_as_complex.*
      view_as_real.* polar stft istft eig eigvals`),
  },
  {
    title: 'Sparse, nested and masked tensors',
    why: 'A tensor is strided memory. Gradients of embeddings are whole tensors; a `SparseAdam` says so.',
    names:
      list(`.*sparse.* jagged strided layout .*_indices_copy c?col_indices crow_indices row_indices indices values
      indices_copy values_copy dsmm smm hsmm hspmm spmm saddmm sspaddmm coalesce is_coalesced dense_dim to_dense
      to_padded_tensor is_nested MaskedTensor as_masked_tensor is_masked_tensor masked_tensor`),
  },
  {
    title: 'Quantisation',
    why: 'Kindling trains; a net that is to run quantised goes on in PyTorch or ONNX.',
    names:
      list(`q_.* quantize.* .*quantized.* dequantize qint.* quint.* qscheme QU?Int.*Storage int_repr is_quantized fake_quantize_.*
      choose_qparams_optimized fused_moving_avg_obs_fake_quant`),
  },
  {
    title: 'TorchScript, export and symbolic shapes',
    why: '`compile` records what runs: there is no second language, and sizes are numbers.',
    names:
      list(`.*Type AliasDb Argument ArgumentSpec BenchmarkConfig BenchmarkExecutionStats Block CallStack Capsule Code
      CompilationUnit CompleteArgumentSpec ConcreteModuleTypeBuilder DeepCopyMemoTable ErrorReport ExecutionPlan FatalError FileCheck
      FunctionSchema Future Gradient Graph GraphExecutorState IODescriptor JITException LiteScriptModule LockingLogger LoggerBase Node
      NoopLogger OperatorInfo PyTorchFileReader PyTorchFileWriter Script.* StaticModule SymBool SymFloat SymInt Tag ThroughputBenchmark
      TracingState Type Use Value AggregationType AVG SUM fork wait import_ir_module.* parse_.* merge_type_from_type_comment
      unify_type_list sym_.* BufferDict (?:De)?[Ss]erializationStorageContext DisableTorchFunction.* DispatchKey.* ExcludeDispatchKeyGuard
      compiled_with_cxx11_abi has_torch_function.* functionalize debug_unwrap GraphExecGroup`),
  },
  {
    title: 'Several processes and machines',
    why: 'What outgrows one machine goes on in PyTorch ([growing up](growing-up.md)); within a process there are threads, and batches are loaded in the one that trains.',
    names:
      list(`is_distributed DataParallel SyncBatchNorm DistributedSampler get_worker_info batch_norm_stats batch_norm_elemt
      batch_norm_backward_.* batch_norm_gather_stats.* batch_norm_update_stats prepare_multiprocessing_environment is_shared
      share_memory_ .*num_interop_threads init_num_threads set_multithreading_enabled .*thread_safe_generator queue_callback`),
  },
  {
    title: 'What changes a tensor under those who hold it',
    why: 'Shape, dtype and memory of a tensor are fixed when it is made; views and `x.data` are there for the rest.',
    names:
      list(`squeeze_ unsqueeze_ t_ transpose_ swapaxes_ swapdims_ as_strided_ resize resize_ resize_as resize_as_ set_ is_set_to
      data_ptr const_data_ptr embedding_renorm_ increment_version allow_mutation_on_saved_tensors`),
  },
  {
    title: 'Storages and tensors by type',
    why: 'A storage is a typed array, and one class of tensors has all dtypes.',
    names: list(
      `.*Storage StorageBase (?:BFloat16|Bool|Byte|Char|Double|Float|Half|Int|Long|Short)Tensor is_storage storage_type set_default_tensor_type from_file`,
    ),
  },
  {
    title: "Python's own",
    why: 'Subclasses, conversions and helpers that only Python has a use for.',
    names:
      list(`from_dlpack to_dlpack as_subclass classproperty get_file_path module_load assert_int_or_pair factory_kwargs typename
      map_ map2_`),
  },
  {
    title: 'Settings without a counterpart',
    why: 'Kernels are deterministic whatever the number of threads.',
    names:
      list(`use_deterministic_algorithms are_deterministic_algorithms_enabled is_deterministic_algorithms_warn_only_enabled
      set_warn_always is_warn_always_enabled .et_deterministic_debug_mode set_flush_denormal is_anomaly_check_nan_enabled`),
  },
  {
    title: 'Internals that PyTorch lists',
    why: 'Kernels and helpers behind public functions, which are there.',
    names:
      list(`native_dropout native_norm norm_except_dim native_dropout_backward hash_tensor slice_inverse conv_tbc _.* ops.* max_pool2d_with_indices_backward NestedIOFunction CheckpointFunction check_backward_validity
      detach_variable noop_context_fn invert_permutation type_before_parametrizations transfer_parametrizations_and_params
      output_nr name`),
  },
  {
    title: 'Deprecated or removed in PyTorch',
    why: 'They raise an error there, warn, or are kept for old code: `linalg` has what replaced the functions, `DataLoader` what replaced the pipes.',
    names:
      list(`cholesky lstsq matrix_rank qr solve symeig volatile reinforce Container .*DataPipe DataChunk argument_validation
      functional_datapipe guaranteed_datapipes_determinism non_deterministic runtime_validation runtime_validation_disabled`),
  },
];
