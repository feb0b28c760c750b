import { K, refuseExcess, signature } from '../../arguments/index.ts';
import { type DType, isFloatingPoint } from '../../dtype.ts';
import { ValueError } from '../../errors.ts';
import { assumes, changesSetting, tellsOnce } from '../../record/index.ts';
import { noteChange } from '../../tensor.ts';

/** What every creation function takes. */
export interface CreationOptions {
  /** Default: {@link getDefaultDtype} for floats, `int32` for integers, `bool` for booleans, as each function says. */
  readonly dtype?: DType;
  /** Whether operations on the result are recorded. Default: false. */
  readonly requiresGrad?: boolean;
}

let defaultDtype: DType = 'float32';

/** A call takes it for given as it is when it is met first. */
function tellOfDefault(): void {
  if (!tellsOnce(getDefaultDtype)) return;
  const now = defaultDtype;
  assumes('the default dtype', () => defaultDtype === now, true);
}

function writeDefault(dtype: DType): void {
  defaultDtype = dtype;
  noteChange();
}

/** The dtype of tensors made from floats without a dtype: float32 at first (PyTorch's `torch.get_default_dtype`). */
export function getDefaultDtype(): DType {
  if (arguments.length > 0) refuseExcess('getDefaultDtype', [], arguments);
  tellOfDefault();
  return defaultDtype;
}

const setDefaultDtypeTakes = signature('setDefaultDtype', { dtype: K.dtype });

/**
 * Sets {@link getDefaultDtype} to `'float32'` or `'float64'` (PyTorch's `torch.set_default_dtype`).
 * @throws DTypeError for what is no dtype; ValueError for one that is not float
 */
export function setDefaultDtype(dtype: DType): void {
  setDefaultDtypeTakes(arguments);
  if (!isFloatingPoint(dtype))
    throw new ValueError(`setDefaultDtype: only floating-point types are supported, got ${dtype}`);
  tellOfDefault();
  changesSetting(getDefaultDtype, () => defaultDtype, writeDefault);
  writeDefault(dtype);
}
