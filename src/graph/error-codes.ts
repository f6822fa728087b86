/**
 * Every code of an error, with what it means and how to mend it: `docs/errors.md` is written from here. The library
 * imports the type alone, so that no page in a browser loads the texts.
 */
export const errorCodes = {
  "Tensors, derivatives and programs": {
    "shape.size":
      "A size of an axis, or a count of entries, is not a whole number in the range that the message names.",
    "shape.broadcast":
      "Two shapes do not broadcast. Counted from the right, sizes must be equal, or one of them must be 1: reshape or unsqueeze one operand.",
    "shape.axis":
      "An axis that was named does not exist, or is named twice. Axes go from 0 to rank - 1, and from -1 backwards.",
    "shape.rank": "The function takes a tensor with another number of axes.",
    "shape.ragged":
      "Nested lists have rows of different lengths. Pad the short ones, or keep them in tensors of their own.",
    "shape.reshape":
      "The new shape has another number of elements than the tensor has. At most one size may be -1, which stands for what is left.",
    "shape.permute": "The order of axes must name each axis of the tensor once.",
    "shape.expand": "A tensor spreads only along axes of size 1, or along new axes at the front.",
    "shape.squeeze": "Only an axis of size 1 can be left out. Take one entry by `at`, or reduce the axis.",
    "shape.slice": "The range does not lie within the axis.",
    "shape.at": "The axis has no entry of that index.",
    "shape.split": "The sizes of the parts must add up to the size of the axis.",
    "shape.concat":
      "At least one tensor must be given, all of one element type, and with equal sizes along all other axes (for `stack`, along every axis).",
    "shape.pad":
      "The widths are no whole numbers from 0, are not one pair for each axis, or do not suit the mode of padding.",
    "shape.window": "Windows of this size, stride and dilation do not fit into the axis.",
    "shape.index":
      "The index of `takeAlongAxis` or `putAlongAxis` must have as many axes as the tensor and, beside the given axis, equal sizes or 1.",
    "shape.scatter": "What is scattered does not have the shape that the target and the index together ask for.",
    "shape.matmul":
      "The inner sizes of a matrix product differ, or its leading sizes do not broadcast. Transpose or reshape one operand.",
    "shape.topk": "`k` must be a whole number from 0 to the size of the axis.",
    "shape.empty": "A maximum, or an entry, was asked of an axis that has no entries.",
    "values.shape": "The numbers are nested otherwise than the shape says. Nest them alike, or give one flat list.",
    "values.size": "The count of numbers is not that of the shape's elements.",
    "values.type": "Something that is no number came where numbers are expected, in nested lists or in a typed array.",
    "array.item":
      "`item` takes the only number of an array, and this array holds more, or none. Choose one from its `data`.",
    "dtype.unknown": "There is no element type of this name.",
    "dtype.mixed":
      "An operation has operands of different element types. Types are never mixed silently: cast one of them.",
    "dtype.unsuitable": "The operation is not defined for this element type. Cast the tensor first.",
    "dtype.range": "The number is too large for int32. Use float64.",
    "dtype.fraction": "int32 holds whole numbers only. Round the number, or use a float type.",
    "tensor.option": "An argument of a tensor function is none of the values that the message names.",
    "einsum.spec": "The specification of an `einsum` cannot be read, or does not fit its operands.",
    "where.numbers":
      "Both choices of `where` are plain numbers, which do not say an element type. Make one of them a tensor.",
    "control.condition":
      "A condition must be one bool. Compare first, such as `x.gt(0)`, and reduce the result to one number.",
    "control.length": "A scan needs a length, or sequences whose first axes have that one length.",
    "control.type": "What enters an iteration and what comes out of it must agree in names, element types and shapes.",
    "random.seed": "A seed is a whole number from 0 to 2^53, or a bigint from 0 to 2^64 - 1.",
    "random.key": "A random key is two int32 numbers, as `random.key(seed)` makes.",
    "random.option": "An argument of a random draw lies outside the range that the message names.",
    "random.gradient":
      "A distribution that is drawn by rejection has no gradient with respect to its shape parameters. Stop the gradient, or draw from a distribution of location and scale.",
    "vmap.axis":
      "Samples lie along an axis that the tensor does not have, or `in` and `out` do not fit the arguments and the results. Null stands for what is the same for all samples.",
    "vmap.size":
      "Arguments have different numbers of samples, none has any, or there are more than can be looked up at once.",
    "vmap.call": "`vmap` takes a function of one sample, and the options `in` and `out` alone.",
    "tree.leaf": "Something other than a tensor, or a list or record of tensors, came.",
    "grad.scalar": "A gradient is that of one float. Reduce the loss first, such as by `mean`.",
    "grad.dtype": "Derivatives are with respect to float32 or float64 only. Cast to a float first.",
    "grad.type": "A tangent or cotangent does not have the element type and shape of what it belongs to.",
    "grad.unbounded":
      "A `whileLoop` without a limit cannot be run backwards, since its states would need memory without bound. Give it a limit, or use `jvp`.",
    "linalg.shape":
      "A factorisation takes square matrices, and a system of equations right-hand sides with as many rows. Leading axes broadcast.",
    "matrix.dtype": "All tensors of a derivative matrix must be float32, or all float64.",
    "matrix.twice":
      "A tensor is named twice among those that a derivative is taken by. A tied weight has one row: name it once.",
    "matrix.price":
      "The matrix is larger than the memory of this machine. The message lists methods that need no matrix, and what each of them holds.",
    "fisher.likelihood": "The likelihood is not known, or does not fit the outputs.",
    "spectrum.size": "A product with a vector must return as many numbers as the vector holds.",
    "spectrum.nonfinite":
      "A matrix holds NaN or infinity, and has no spectrum. Look at the loss and its gradient at these weights.",
    "spectrum.steps": "A count of steps, vectors or eigenvalues must be a whole number from 1.",
    "parameter.busy": "A run is changing the parameter now. Await the run first.",
    "parameter.constrained":
      "The parameter was constrained after expressions with it had been built. Constrain a model first, and build its loss then.",
    "constraint.bounds": "No number lies in the interval, or in both intervals together. Give the lower end first.",
    "constraint.value":
      "A value lies outside its interval or cannot be held, or their count is not that of the entries.",
    "constraint.frozen":
      "One number cannot be frozen at two values. Leave one of the two free, or give both one value.",
    "constraint.broken": "New values of a parameter break its constraint. Give values that keep it.",
    "constraint.entry": 'Entries are a list of indices, a function of an index, or "all", and each index must exist.',
    "constraint.pattern": "The pattern of ties does not fit the shape of the weight.",
    "constraint.weight": "Only float parameters, as `parameter()` makes, can be constrained.",
    "program.large": "The program reaches elements beyond those that int32 counts. Use smaller batches.",
    "output.escaped":
      "A value of one sample, of one iteration or of one branch was kept outside of the function that it was given to. Return it from there.",
    "output.type": "Each output of a compiled function must be a tensor.",
    "input.missing":
      "A program needs an input which the call does not give. Where none can be given, build the expression from `tensor(...)`.",
    "input.unknown": "The program has no input of this name.",
    "update.list":
      "`updates` is a name of its own among the outputs: a list of `{ parameter, value }`. Name another output otherwise.",
    "update.twice": "A run gives each parameter one new value, and two came.",
    "update.type": "The new value of a parameter must have the parameter's element type and shape.",
    "backend.unknown": "There is no backend of this name.",
    "backend.unavailable":
      "The backend that was asked for does not work on this machine, for the reason that the message gives.",
    "backend.memory": "The program needs more memory than can be had. Use smaller batches, or `checkpoint()`.",
    "native.compiler": "The C compiler failed, or what it made cannot be loaded. Its own message follows.",
    "wasm.worker": "A thread that ran WebAssembly has ended. Its own error follows.",
    "run.failed":
      "A run stopped on an error, which is the `cause` of this one. The message says what it had changed by then.",
  },
  "Models, training and differential equations": {
    "model.type":
      "A model is a layer, a tensor, or a list or record of them. `nn.layer(kind, f)` makes a layer of a plain function.",
    "layer.size":
      "The sizes of a layer must be whole numbers from 1, and groups or heads must divide what they divide.",
    "layer.option": "An option of a layer is none of the values, or lies outside the range, that the message names.",
    "layer.input": "An input does not have the shape or the element type that the layer takes.",
    "batchNorm.batch": "In training, a feature needs two numbers at least to have a variance. Take a larger batch.",
    "attention.mask":
      "A mask must be bool (true where a query may see a key), or a float that is added to the scores, and must broadcast to them.",
    "patches.size": "The kernel does not fit into the padded input, or the padding takes all of the result off.",
    "recurrence.lengths": "Lengths are int32, one for each sequence of the batch.",
    "recurrence.state":
      "A first state must have the parts and the shapes that the message names. Give all of them, or none for zeros.",
    "recurrence.tie": "The gates that were to be tied, or the way in which they are tied, do not exist in this layer.",
    "residual.shape":
      "What a residual block computes must have the shape of what it is added to. Give the shortcut a layer of its own.",
    "loss.shape":
      "Predictions, targets and weights of a loss must have the shapes that the message names. They are not broadcast silently.",
    "loss.option": "An option of a loss is none of the values, or lies outside the range, that the message names.",
    "optim.option":
      "An option of an optimizer, of a schedule or of `fit` lies outside the range that the message names.",
    "optim.parameters":
      "There is nothing to train: the loss depends on no trainable parameter, or all of them are frozen.",
    "optim.groups":
      "A group of parameters is empty, has an option out of its range, or belongs to an optimizer that moves all parameters together.",
    "optim.dtype":
      "The loss and all parameters of this optimizer must be of one element type; least squares takes float64.",
    "leastSquares.start":
      "The residuals, or their derivatives, are not finite at the first values. Begin elsewhere, or scale the data.",
    "holdOut.rows": "The rows are too few to be parted: each part needs one at least.",
    "holdOut.option": "The share to hold out lies outside the range that the message names.",
    "batches.size":
      "Rows and batch sizes are whole numbers from 1, and a batch is no larger than the data, so that it holds no row twice.",
    "train.loss":
      "A loss is a tensor of one float, or a function that returns one. Some optimizers need it to be the same at every step.",
    "train.mode":
      "The loss holds a layer as it is after training. Give `fit` a function that builds the loss, or build it in `nn.training`.",
    "train.checkpoint": "The file holds no checkpoint of a training. `encodeCheckpoint` writes one.",
    "train.resume": "The checkpoint belongs to another model or optimizer.",
    "train.validation": "The validation loss must be a tensor of one float.",
    "train.nonfinite":
      "A training came to NaN or infinity. Lower the learning rate, clip the gradients, or look for a division or a logarithm near 0; the message names the first expression that is not finite.",
    "ode.option": "An option of `ode.solve` does not exist, lies outside its range, or contradicts another one.",
    "ode.state": "The state of a differential equation must be a tensor of floats.",
    "ode.rate":
      "The rate must be a function of state and time that returns a tensor of the state's element type and shape.",
    "ode.times": "The times at which a solution is asked for must be finite and follow each other in one direction.",
    "ode.event": "An event is one float that passes through 0, or one bool that becomes true.",
    "ode.symplectic":
      "A symplectic method takes `ode.secondOrder((q, t) => acceleration)` and a state of places and velocities.",
    "ode.adjoint":
      "Forward sensitivities carry a tangent for each number, and these are too many. Use `ode.direct()` or `ode.backsolve()`.",
    "weigh.batch": "The batch that is weighed must be a whole number from 1.",
    "measure.none": "The model has no program of this kind to measure. Give `input` and `apply`.",
    "measure.process": "The process that measured a model ended by itself, as for want of memory.",
    "ceilings.backend": "Ceilings are measured on a backend that compiles, native or wasm.",
    "explain.network": "A network and inputs for it, with samples along their first axis, are needed.",
    "explain.ensemble": "An ensemble is two or more members of equal structure.",
    "explain.rates": "To read a law off, two or more samples of every state and of its rate are needed, all finite.",
    "explain.moves": "Each hidden layer takes one move: a permutation of its units and a sign for each.",
  },
  "Files and run folders": {
    "source.type":
      "Bytes are read from a path, a Uint8Array, an ArrayBuffer, a Blob, a Response or a promise of these, and a run from a path or a Map.",
    "source.response":
      "The server's response is no success, or its bytes have been read before. Check the address, or give `response.clone()`.",
    "file.host":
      "A web page has no files. Give bytes, a Blob or a Response to read from, and take what is written as bytes.",
    "file.missing": "There is no file at this path.",
    "file.folder": "A file is needed, and the path leads to a folder.",
    "file.read": "The file cannot be read, for the reason that the operating system gives.",
    "file.write": "The file or the folder cannot be written, for the reason that the operating system gives.",
    "file.text": "The file is not text in UTF-8. Save it as such.",
    "file.empty": "The file is empty, or holds a header alone.",
    "csv.header": "The first line must name each column, and no two of them alike.",
    "csv.fields": "A row has more or fewer fields than the header has columns.",
    "csv.quotes": "A quoted field of a table is not closed, or goes on behind its closing quote.",
    "csv.column": "The table has no column of this name.",
    "csv.missing": "A value is missing. Fill it in, or delete the row.",
    "csv.number": "A field is no number.",
    "safetensors.corrupt": "The file is not a whole safetensors file. Write or fetch it again.",
    "safetensors.dtype": "The file holds a tensor of an element type which Pondus does not have.",
    "weights.model": "The file's weights are not those of the model: names or shapes differ.",
    "weights.prefix": "No name in the file begins with the prefix, or the dot at its end was left out.",
    "weights.layout":
      "It is not known whether matrices are stored as [inputs, outputs] or as [outputs, inputs]. Say it by the option `layout`.",
    "weights.constraint":
      "The file's weights do not keep the constraints of the model, or were saved under other ones.",
    "weights.nonfinite": "A weight in the file is NaN or infinity. Train again.",
    "pgm.corrupt": "The file is not a whole PGM image in grey.",
    "image.folder": "The folder holds no images.",
    "image.size": "An image of a digit does not have one of the two sizes that the message names.",
    "image.pixel": "A pixel lies outside the range of grey levels.",
    "image.label": "A label is a digit from 0 to 9.",
    "run.exists": "The folder holds a run already. Choose another folder, or continue that run with `--resume`.",
    "run.missing": "The folder is not a run folder. `pondus train` makes one.",
    "run.corrupt": "A file of the run folder is not what was written there.",
    "run.mixed": "Files of different runs lie in one folder.",
    "run.data": "The data file has changed since the run began. Put the old file back, or train anew.",
    "run.unfinished": "The run has not been finished. Continue it with `--resume` first.",
  },
  "Systems and the command line": {
    "data.columns":
      "The table does not have the columns that the system learns from. Rename them, or name them with `--time` and `--state`.",
    "data.short": "There are too few rows, images or characters to learn from and to judge by.",
    "data.long": "There are more rows than can be learned in reasonable time. Keep one row in several.",
    "data.flat": "The values never change, or always by the same amount, so that there is nothing to learn.",
    "data.order": "Times must rise from row to row. Sort the rows, and keep one of each time.",
    "data.steps": "Rows must be equally far apart in time. Fill the gap, or give the part before or after it.",
    "data.law": "The law that was chosen does not fit this data. Leave `--law` out, or choose another one.",
    "friction.step":
      "A law of friction is told from a step of the velocity between two velocities above 0, or from a motion to and fro.",
    "text.alphabet": "A text must have several different characters, and not more of them than can be told apart.",
    "package.missing":
      "The data come with a package that is not installed. The message gives the command that installs it.",
    "system.unknown": "There is no system of this name. `pondus systems` lists them.",
    "system.data": "This system brings its own data and reads no file.",
    "system.no-data": "This system can be weighed, and cannot be trained yet.",
    "session.name":
      'The name of a fit is made of letters, digits, "-", "_" and ".", and no two fits of a run have the same one.',
    "train.option":
      "An option of `train` does not exist, or has a value that it cannot have: the message says which it can.",
    "train.law": "The system knows no law of this name.",
    "train.ensemble": "The system trains no ensemble, or not with these options.",
    "train.optimizer": "The system does not train with this optimizer.",
    "train.patience": "`--patience` ends a fit by its validation loss, and this fit has none.",
    "train.quick": "The system has no short form. Shorten it by `--steps`.",
    "predict.none": "The page of the system does not say how it predicts.",
    "predict.input":
      "What is asked is nothing that the system can answer: it is none of the inputs that it takes, or lies outside their range.",
    "predict.nonfinite": "A prediction is NaN or infinite. Ask nearer to what the model was trained on.",
    "explain.none": "The page of the system does not say what to explain.",
    "page.missing": "There is no file at the path of the page.",
    "page.kind": "A page is a file that ends in `.ts` or `.js`.",
    "page.import": "The page cannot be loaded. Its own error follows.",
    "page.export":
      "A page ends in `export default defineSystem({ ... })`, and a part of it is missing or of another type.",
    "page.settings":
      "The page gives a setting that does not exist, or a value that it cannot have: the message says which it can.",
    "page.outcome": "`train` of a page must return what the message names.",
    page: "The page threw an error of its own, at the place that the message names.",
    usage: "The command does not exist, or was given options that do not go together. See `pondus --help`.",
    bug: "Something went wrong in Pondus itself, and is never the user's fault. Please report it with the message.",
  },
} as const satisfies Record<string, Record<string, string>>;

type Groups = typeof errorCodes;

/** The code of an error, by which a program tells what went wrong. */
export type ErrorCode = { [Group in keyof Groups]: keyof Groups[Group] }[keyof Groups];
