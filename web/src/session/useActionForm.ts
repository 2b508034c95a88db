import { type FormErrors, type FormRulesRecord, useForm } from '@mantine/form';
import { useAction } from './useAction';

/** A form whose values, once they pass the checks, are handed to an action. For `ActionForm`. */
export function useActionForm<Values extends Record<string, string>, Result>(
  initialValues: Values,
  validate: FormRulesRecord<Values> | ((values: Values) => FormErrors),
  action: (values: Values) => Promise<Result>,
) {
  const form = useForm<Values>({ initialValues, validate });
  const [progress, run] = useAction(action);
  return { form, progress, send: form.onSubmit(run) };
}
